import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { CallError } from '@causeway/api';
import { managedDomainRoutes, type RegisteredDomain, type SeenRun } from '@causeway/contract';
import {
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  sealingPublicKey,
} from '@causeway/records';
import { createLog } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { Ledger } from '../ledger/ledger.ts';
import { decideReplacement, type OwnDomain, replacementConsequences } from './registration.ts';
import { noteStanding, readRegistration, StandingWatch } from './standing.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-standing-'));
after(() => rmSync(folder, { recursive: true }));

async function domainOf(realm: string): Promise<{ own: OwnDomain; shown: RegisteredDomain }> {
  const key = sealingPublicKey(await generateSealingKey());
  const { publicKey: receiptKey } = generateSigningKey();
  const fingerprint = domainFingerprint(key.publicKey, receiptKey.publicKey);
  return {
    own: { realm, keys: { fingerprint, key, receiptKey } },
    shown: { ...{ realm, netbiosDomain: 'X', key, receiptKey }, registeredAt: '2026-11-28T10:00:00.000Z' },
  };
}

const INTERVAL_MS = 10_000;
const clock = new HandClock();
const first = await domainOf('AADDS.EXAMPLE.NET');
const second = await domainOf('AADDS2.EXAMPLE.NET');

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A tenant's answer to the question for its managed domain. A number is the status of an error; a CallError is thrown. */
type Answer = RegisteredDomain | null | number | CallError;

/** The first domain's watch, with a tenant that answers as a test wants. */
function watching(answer: Answer, file = join(folder, `${randomUUID()}.db`)) {
  const ledger = new Ledger(file, clock);
  const tenant = {
    answer,
    confirmation: 404 as object | 404,
    meanwhile: undefined as (() => void) | undefined,
    otherRuns: undefined as SeenRun[] | undefined,
  };
  const lines: { level: number; msg: string; next?: string }[] = [];
  const stop = new AbortController();
  const watch = new StandingWatch({
    ...{ ledger, own: first.own, intervalMs: INTERVAL_MS },
    log: createLog('test', { write: line => lines.push(JSON.parse(line)) }),
    send: async path => {
      const asksStanding = path === managedDomainRoutes.readDomain.path;
      const asksAdministrators = path === managedDomainRoutes.readAdministrators.path;
      const said = asksStanding ? tenant.answer : asksAdministrators ? 404 : tenant.confirmation;
      if (asksStanding) tenant.meanwhile?.();
      if (said instanceof Error) throw said;
      const member = asksStanding ? 'domain' : 'confirmation';
      const json =
        typeof said === 'number'
          ? { error: { code: 'scripted', message: 'no' } }
          : { [member]: said, ...(asksStanding && { otherRuns: tenant.otherRuns }) };
      const status = typeof said === 'number' ? said : 200;
      return { status, headers: new Headers(), text: async () => JSON.stringify(json) };
    },
  });
  const running = watch.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
    ledger.close();
  };
  ends.push(end);
  return {
    file,
    ledger,
    tenant,
    watch,
    /** Changes the tenant's answer, and waits until it was asked a few times. */
    async says(next: Answer, confirmation: object | 404 = 404) {
      Object.assign(tenant, { answer: next, confirmation });
      await clock.sleeping();
      await clock.pass(3 * INTERVAL_MS);
      await clock.sleeping();
      return readRegistration(ledger, first.own.realm);
    },
    alarms: () => lines.filter(({ level, msg }) => level === 50 && /^ALARM/.test(msg)),
    log: () => lines.map(({ msg }) => msg),
    async end() {
      ends.splice(ends.indexOf(end), 1);
      await end();
    },
  };
}

test("reports a domain that is its tenant's as registered, and raises no alarm", async () => {
  const watch = watching(first.shown);
  const { state, alarm, next, since } = await watch.says(first.shown);
  assert.deepEqual([state, alarm, next], ['registered', null, null]);
  assert.ok(since !== null);
  assert.deepEqual(watch.log(), []);
});

test('reports another copy of this machine in log and status while the tenant sees both', async () => {
  const { tenant, watch, says, log } = watching(first.shown);
  const at = '2026-11-28T10:00:00.000Z';
  tenant.otherRuns = [{ machine: 'ds1-copy', address: '10.0.0.7', firstSeenAt: at, lastSeenAt: at }];
  const { alarm } = await says(first.shown);
  assert.equal(alarm, null, 'it is its tenant’s domain all the same');
  assert.deepEqual(watch.otherRuns, tenant.otherRuns);
  tenant.otherRuns = undefined;
  await says(first.shown);
  assert.equal(watch.otherRuns, undefined);
  assert.match(
    log()[0]!,
    /^ALARM: this Domain Services runs more than once.* on ds1-copy \(10\.0\.0\.7\) since /,
  );
  assert.match(log()[1]!, /only one copy/);
  assert.equal(log().length, 2, 'each is told once');
});

test('a domain whose keys are not confirmed at the tenant gives advice instead of an alarm, until they are', async () => {
  const watch = watching(first.shown);
  const { realm, keys } = first.own;
  const unconfirmed = { realm, fingerprint: keys!.fingerprint, confirmed: null, owed: 2 };
  const before = await watch.says(first.shown, unconfirmed);
  assert.deepEqual([before.state, before.alarm], ['registered', null]);
  assert.match(before.next!, /cloud-only.*causeway tenant trust-domain FINGERPRINT/);
  const confirmed = { at: '2026-11-28T10:00:00.000Z', by: 'admin@contoso.example' };
  const { state, next } = await watch.says(first.shown, { ...unconfirmed, confirmed });
  assert.deepEqual([state, next], ['registered', null]);
  assert.deepEqual(watch.log(), []);
});

for (const [what, answer, state, alarm, next] of [
  [
    'the tenant has another domain',
    second.shown,
    'replaced',
    new RegExp(`the tenant has AADDS2\\.EXAMPLE\\.NET \\(${second.own.keys!.fingerprint}\\)`),
    /domain register --replace AADDS2\.EXAMPLE\.NET\. Or stop it/,
  ],
  [
    'the tenant has a domain of the same realm with another key',
    { ...first.shown, key: second.shown.key },
    'replaced',
    /the tenant has AADDS\.EXAMPLE\.NET/,
    /domain register --replace AADDS\.EXAMPLE\.NET/,
  ],
  [
    'the tenant has no domain',
    null,
    'withdrawn',
    /It was withdrawn/,
    /causeway domain register\. Or stop it/,
  ],
  [
    'the tenant rejects the agent',
    new CallError(401, 'invalid_client', 'no token'),
    'removed',
    /who leaves stays enabled here/,
    /enrolment create --kind domain.*register --code-file/,
  ],
] as const) {
  test(`raises an alarm with advice in the status, and once in the log: ${what}`, async () => {
    const watch = watching(first.shown);
    await watch.says(first.shown);
    const registration = await watch.says(answer);
    assert.equal(registration.state, state);
    assert.match(registration.alarm!, /ALARM: AADDS\.EXAMPLE\.NET is not its tenant's managed domain/);
    assert.match(registration.alarm!, /Nobody here is disabled or deleted/);
    assert.match(registration.alarm!, alarm);
    assert.match(registration.next!, next);
    assert.deepEqual(
      watch.alarms().map(({ msg, next }) => [msg, next]),
      [[registration.alarm, registration.next]],
    );
    assert.equal((await watch.says(first.shown)).alarm, null);
    assert.equal(watch.log().at(-1), 'the tenant has this domain registered again');
  });
}

test('raises no alarm with a tenant of the previous release, which does not say which domain it has', async () => {
  const watch = watching(404);
  const { state, alarm } = await watch.says(404);
  assert.deepEqual([state, alarm, watch.alarms()], ['unknown', null, []]);
});

test('keeps what is known when the tenant does not answer', async () => {
  const watch = watching(second.shown);
  const { since } = await watch.says(second.shown);
  for (const answer of [503, new CallError(0, 'no-answer', 'down')]) {
    const registration = await watch.says(answer);
    assert.deepEqual([registration.state, registration.since], ['replaced', since]);
  }
  assert.equal(watch.alarms().length, 1);
});

test('raises no alarm for an answer from before a registration', async () => {
  const { ledger, tenant, says, alarms } = watching(second.shown);
  await says(second.shown);
  tenant.meanwhile = () => {
    tenant.meanwhile = undefined;
    noteStanding(ledger, { state: 'registered' });
    tenant.answer = first.shown;
  };
  assert.equal((await says(new CallError(401, 'invalid_client', 'no'))).state, 'registered');
  assert.equal(alarms().length, 1);
});

test('keeps the time of an alarm across a restart, and logs it once after the restart', async () => {
  const watch = watching(second.shown);
  const { since } = await watch.says(second.shown);
  await watch.end();
  const again = watching(second.shown, watch.file);
  assert.equal((await again.says(second.shown)).since, since);
  assert.equal(again.alarms().length, 1);
});

test('a registration replaces another domain only if it is named, and never its own', () => {
  const named = { realm: second.own.realm, fingerprint: second.own.keys!.fingerprint };
  const fresh: OwnDomain = { realm: first.own.realm, keys: undefined };
  const refused = { code: 'other-managed-domain', status: 409 };
  assert.deepEqual(decideReplacement(first.own, second.shown, 'aadds2.example.net'), named);
  assert.deepEqual(decideReplacement(fresh, second.shown, second.own.realm), named);
  for (const name of [undefined, 'OTHER.EXAMPLE.NET', first.own.realm]) {
    assert.throws(() => decideReplacement(first.own, second.shown, name), refused);
  }
  assert.throws(() => decideReplacement(fresh, first.shown, undefined), {
    ...refused,
    message: /nothing was changed\n.*\n {2}causeway domain register --replace AADDS\.EXAMPLE\.NET/,
  });
  for (const registered of [null, undefined, first.shown]) {
    for (const name of [undefined, second.own.realm])
      assert.equal(decideReplacement(first.own, registered, name), undefined);
  }
});

test('tells the administrator what a replacement means for users, Connect and cloud-only users', () => {
  const replaced = { realm: second.own.realm, fingerprint: second.own.keys!.fingerprint };
  const text = replacementConsequences(first.own.realm, 'contoso', replaced).join('\n');
  for (const part of [
    /AADDS2\.EXAMPLE\.NET \([^)]+\)\. If AADDS\.EXAMPLE\.NET takes its place/,
    /Nobody is deleted or disabled in AADDS2/,
    /stay enabled .* until somebody stops it/,
    /the agent of AADDS2\.EXAMPLE\.NET is removed: .* nobody who is disabled or deleted is disabled there/,
    /Connect's administrators must confirm the new fingerprint/,
    /force-password-sync/,
    /Cloud-only people must change their passwords again/,
  ])
    assert.match(text, part);
});
