import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type AdministratorCandidate,
  MAX_PROPOSED,
  managedDomainRoutes,
  type ProposedAdministrator,
} from '@causeway/contract';
import { CLOUD_FOREST, generateSealingKey, generateSigningKey } from '@causeway/records';
import { createLog, plainText } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { newEntry } from '../apply/plan.ts';
import { administratorsLine, listLines } from '../commands/administrator-commands.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { Ledger } from '../ledger/ledger.ts';
import { publicDomainKeys } from '../pairing/domain-keys.ts';
import { StandingWatch } from '../registration/standing.ts';
import { acceptAdministrator, findCandidate, removeAdministrator } from './accept-administrator.ts';
import {
  countAdministrators,
  endAcceptances,
  endUnproven,
  listAdministrators,
  standingAdministrators,
} from './administrators.ts';

const FOREST_A = 'corp.example.com';
const FOREST_B = 'fabrikam.example.org';
const INTERVAL_MS = 10_000;
const realm = 'AADDS.EXAMPLE.NET';
const keys = publicDomainKeys({ sealing: await generateSealingKey(), receipts: generateSigningKey() });

let folder: string;
let clock: HandClock;
let ledger: Ledger;
let ends: (() => Promise<void>)[];

/** A user who has an account here, under their own names. */
function person(name: string, forest = FOREST_A, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const principal = `${name}@${forest === CLOUD_FOREST ? 'contoso.example' : forest}`;
  const entry: LedgerEntry = {
    ...newEntry({ sourceAnchor: `anchor-of-${name}`, forest, objectGuid: randomUUID() }),
    ...{ accountSequence: 7, wantsEnabled: true, hasCredential: true, managedGuid: randomUUID() },
    ...{ wantedName: name, samAccountName: name, wantedPrincipal: principal, userPrincipalName: principal },
    ...changes,
  };
  ledger.accounts.save(entry);
  return entry;
}

const ADDED = '2026-11-28T10:00:00.000Z';

/** A member as an honest tenant reports them. */
function member(entry: LedgerEntry, changes: Partial<ProposedAdministrator> = {}): ProposedAdministrator {
  const isCloudOnly = entry.forest === CLOUD_FOREST;
  return {
    ...{ userId: randomUUID(), origin: isCloudOnly ? 'cloud' : 'synchronized' },
    ...{ forest: isCloudOnly ? null : entry.forest, sourceAnchor: entry.anchor },
    ...{ userPrincipalName: entry.wantedPrincipal!, addedAt: ADDED },
    ...changes,
  };
}

/** The tenant's answer about whom it proposes; a number is the status of an error. */
type Answer = ProposedAdministrator[] | { members: unknown; more: unknown } | number;

/** Starts the watch against a tenant whose answers the test chooses. */
function watching() {
  const lines: { level: number; msg: string; why?: string; err?: string }[] = [];
  const stop = new AbortController();
  let answer: Answer = 503;
  const watch = new StandingWatch({
    ...{ ledger, own: { realm, keys }, intervalMs: INTERVAL_MS },
    log: createLog('test', { write: line => lines.push(JSON.parse(line)) }),
    send: async path => {
      const isAsked = path === managedDomainRoutes.readAdministrators.path;
      const said = isAsked ? answer : 404;
      const json =
        typeof said === 'number'
          ? { error: { code: 'scripted', message: 'no' } }
          : Array.isArray(said)
            ? { members: said, more: 0 }
            : said;
      const status = typeof said === 'number' ? said : 200;
      return { status, headers: new Headers(), text: async () => JSON.stringify(json) };
    },
  });
  const running = watch.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
  });
  return {
    /** Changes the answer, and waits until the watch has asked for it a few times. */
    async says(next: Answer) {
      answer = next;
      await clock.sleeping();
      await clock.pass(3 * INTERVAL_MS);
      await clock.sleeping();
      return states();
    },
    log: () => lines,
  };
}

const states = () =>
  Object.fromEntries(listAdministrators(ledger).map(({ anchor, state }) => [anchor, state]));
const standing = () => standingAdministrators(ledger).map(({ entry }) => entry.anchor);
const audit = () =>
  ledger.audit.list().map(({ action, subject, detail }) => `${action} ${subject} ${detail}`);

/** Accepts as the command does: exactly the user who was shown. */
function accept(user: string, { forest, cloudOnly = false }: { forest?: string; cloudOnly?: boolean } = {}) {
  const { entry } = findCandidate(ledger, { user, forest, cloudOnly });
  return acceptShown(entry, cloudOnly);
}

const acceptShown = async (
  { forest, anchor, objectGuid }: AdministratorCandidate['entry'],
  cloudOnly = false,
) => acceptAdministrator(ledger, { forest, anchor, objectGuid, cloudOnly });

const remove = async (user: string, forest?: string) => removeAdministrator(ledger, { user, forest });

describe('administrators of the managed domain', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-administrators-'));
    clock = new HandClock();
    ledger = new Ledger(join(folder, 'ledger.db'), clock);
    ends = [];
  });

  afterEach(async () => {
    for (const end of ends) await end();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the tenant only proposes; an administrator accepts the user shown, by forest, anchor and objectGUID', async () => {
    const [alice, bob] = [person('alice'), person('bob')];
    const tenant = watching();
    assert.deepEqual(await tenant.says([member(alice)]), { [alice.anchor]: 'proposed' });
    assert.deepEqual(standing(), []);
    assert.deepEqual(countAdministrators(ledger), { accepted: 0, waiting: 1, more: 0, tenant: 'says' });
    assert.match(tenant.log().at(-1)!.msg, /to review them: causeway domain administrators/);

    for (const name of ['bob', bob.anchor]) assert.throws(() => accept(name), { code: 'not-proposed' });
    assert.throws(() => accept('nobody'), { code: 'no-such-user', status: 404 });
    const { message } = await accept('ALICE@corp.example.com');
    assert.match(
      message,
      new RegExp(`anchor-of-alice of corp\\.example\\.com, objectGUID ${alice.objectGuid}`),
    );
    assert.deepEqual(standing(), [alice.anchor]);
    assert.equal(standingAdministrators(ledger)[0]!.entry.managedGuid, alice.managedGuid);
    const [listed] = listAdministrators(ledger);
    assert.deepEqual(
      [listed!.state, listed!.name, listed!.objectGuid, listed!.forest, listed!.acceptedAs],
      ['accepted', 'alice@corp.example.com', alice.objectGuid, FOREST_A, 'alice@corp.example.com'],
    );
    assert.deepEqual(audit(), [
      `accept-administrator anchor-of-alice alice@corp.example.com of corp.example.com, objectGUID ${alice.objectGuid}`,
    ]);
    await tenant.says([member(alice)]);
    assert.equal(administratorsLine(countAdministrators(ledger)), '1 accepted; 0 wait for you');
  });

  it('a ledger older than the directory keeps acceptances only for members of the directory’s group', async () => {
    const [alice, bob] = [person('alice'), person('bob')];
    const tenant = watching();
    await tenant.says([member(alice), member(bob)]);
    await accept('alice');
    await accept('bob');
    const ended = ledger.transaction(() => endUnproven(ledger, new Set([alice.managedGuid!])));
    assert.deepEqual(
      ended.map(({ anchor }) => anchor),
      [bob.anchor],
    );
    assert.deepEqual(standing(), [alice.anchor]);
    assert.equal(states()[bob.anchor], 'proposed', 'they can be accepted again');
    assert.match(audit()[0]!, /^administrator-ended anchor-of-bob .*accept them again$/);
  });

  it('a removal at the tenant ends the acceptance, and a user who is added again needs a new one', async () => {
    const [alice, bob] = [person('alice'), person('bob')];
    const tenant = watching();
    await tenant.says([member(alice), member(bob)]);
    await accept('alice');
    await accept('bob');
    assert.deepEqual(await tenant.says([member(alice)]), { [alice.anchor]: 'accepted' });
    assert.match(audit()[0]!, /^administrator-ended anchor-of-bob bob@.* does not propose them any more$/);
    const warned = tenant.log().filter(({ why }) => why !== undefined);
    assert.deepEqual(
      warned.map(({ level, msg }) => [level, msg]),
      [[40, "removed from the managed domain's administrators"]],
    );
    const again = await tenant.says([member(alice), member(bob)]);
    assert.deepEqual(again, { [alice.anchor]: 'accepted', [bob.anchor]: 'proposed' });
    await accept('bob');
    assert.deepEqual(standing(), [alice.anchor, bob.anchor]);
    assert.deepEqual(await tenant.says([]), {}, 'an empty list removes everybody');
  });

  it('a user who is removed and added again between two polls needs a new acceptance, too', async () => {
    const alice = person('alice');
    const tenant = watching();
    await tenant.says([member(alice)]);
    await accept('alice');
    const again = await tenant.says([member(alice, { addedAt: '2026-11-28T11:00:00.000Z' })]);
    assert.deepEqual(again, { [alice.anchor]: 'proposed' });
    assert.match(audit()[0]!, /^administrator-ended/);
  });

  it('removing an acceptance here takes effect at once and keeps the proposal', async () => {
    const alice = person('alice');
    const tenant = watching();
    await tenant.says([member(alice)]);
    await assert.rejects(remove('alice'), { code: 'not-accepted' });
    await accept('alice');
    assert.match(
      (await remove('alice@corp.example.com')).message,
      /not an administrator .* any more: alice@/,
    );
    assert.deepEqual([standing(), states()], [[], { [alice.anchor]: 'proposed' }]);
    assert.match(audit()[0]!, /^remove-administrator anchor-of-alice alice@corp\.example\.com of/);
  });

  for (const [what, changes, why] of [
    ['whose deletion was accepted', { deleteSequence: 9 }, /they are deleted where they come from/],
    ['who is deleted', { deletedAt: ADDED, managedGuid: null }, /they are deleted where they come from/],
    [
      'whose anchor now belongs to another object',
      { objectGuid: randomUUID() },
      /their anchor is another object now/,
    ],
  ] as const) {
    it(`a user ${what} stops being an administrator at once, and needs a new acceptance`, async () => {
      const alice = person('alice');
      await watching().says([member(alice)]);
      await accept('alice');
      ledger.accounts.save({ ...alice, ...changes });
      assert.deepEqual(standing(), [], 'before it was noted');
      const [ended] = ledger.transaction(() => endAcceptances(ledger));
      assert.match(ended!.why, why);
      assert.match(audit()[0]!, /^administrator-ended anchor-of-alice/);
      assert.deepEqual(
        ledger.transaction(() => endAcceptances(ledger)),
        [],
        'it ends once',
      );
      ledger.accounts.save(alice);
      assert.deepEqual([standing(), states()], [[], { [alice.anchor]: 'proposed' }]);
    });
  }

  it('a disabled user and one whose password was withdrawn stay accepted, because they cannot sign in', async () => {
    const alice = person('alice');
    await watching().says([member(alice)]);
    await accept('alice');
    ledger.accounts.save({ ...alice, wantsEnabled: false, hasCredential: false, withdrawn: true });
    assert.deepEqual(standing(), [alice.anchor]);
  });

  it('a tenant that fails or runs an earlier release changes nothing, and status reports the earlier release', async () => {
    const alice = person('alice');
    const tenant = watching();
    await tenant.says(404);
    assert.deepEqual(countAdministrators(ledger).tenant, 'older');
    await tenant.says([member(alice)]);
    await accept('alice');
    for (const answer of [503, 404, { members: 'all', more: 0 }]) {
      await tenant.says(answer);
      assert.deepEqual(standing(), [alice.anchor]);
    }
    await tenant.says(404);
    assert.match(
      administratorsLine(countAdministrators(ledger)),
      /^1 accepted; .*release before and does not say/,
    );
  });

  it('accepts nobody by the name that the tenant gives them', async () => {
    const alice = person('alice');
    const mallory = person('mallory', FOREST_B);
    const tenant = watching();
    await tenant.says([member(mallory, { userPrincipalName: alice.userPrincipalName! })]);
    const [listed] = listAdministrators(ledger);
    assert.deepEqual(
      [listed!.state, listed!.name, listed!.samAccountName, listed!.forest, listed!.calledByTenant],
      ['proposed', 'mallory@fabrikam.example.org', 'mallory', FOREST_B, null],
    );
    for (const name of ['alice@corp.example.com', 'alice', alice.anchor])
      assert.throws(() => accept(name), { code: 'not-proposed' });
    assert.deepEqual(standing(), []);
  });

  it('rejects a name that matches two users and shows both; the anchor or the forest decides', async () => {
    const alice = person('alice');
    // Mallory's own forest gives her Alice's name, so she has digits here.
    const mallory = person('mallory', FOREST_B, { wantedName: 'alice', samAccountName: 'alice12345' });
    await watching().says([member(mallory), member(alice)]);
    assert.throws(() => accept('alice'), {
      code: 'several-users',
      message: /anchor-of-alice of corp\.example\.com.*anchor-of-mallory of fabrikam\.example\.org/,
    });
    await accept('alice', { forest: FOREST_A });
    assert.deepEqual(standing(), [alice.anchor]);
    await accept(mallory.anchor);
    await assert.rejects(remove('alice'), { code: 'several-users' });
    await remove('alice', FOREST_B);
    assert.deepEqual(standing(), [alice.anchor]);
  });

  it('rejects a user who has become another object since they were shown', async () => {
    const alice = person('alice');
    await watching().says([member(alice)]);
    ledger.accounts.save({ ...alice, objectGuid: randomUUID() });
    await assert.rejects(acceptShown(alice), { code: 'other-object', status: 409 });
    ledger.accounts.save({ ...alice, deleteSequence: 9 });
    await assert.rejects(acceptShown(alice), { code: 'other-object' });
    assert.throws(() => accept('alice'), { code: 'no-such-user' });
    assert.deepEqual(standing(), []);
  });

  it('accepts a cloud-only user only with --cloud-only, whatever the tenant calls them', async () => {
    const olga = person('olga', CLOUD_FOREST);
    const tenant = watching();
    await tenant.says([member(olga)]);
    const refused = {
      code: 'cloud-only',
      message: /so the tenant then administers the domain/,
      todo: /--cloud-only/,
    };
    assert.throws(() => accept('olga'), refused);
    await assert.rejects(acceptShown(olga), refused);
    assert.deepEqual(standing(), []);
    await accept('olga', { cloudOnly: true });
    assert.deepEqual(standing(), [olga.anchor]);
    await remove('olga');
    await tenant.says([
      member(olga, { origin: 'synchronized', userPrincipalName: 'alice@corp.example.com' }),
    ]);
    assert.throws(() => accept('olga'), refused);
  });

  it('lists a member whose identity does not exist here as unknown, and never accepts them', async () => {
    const alice = person('alice');
    const bob = person('bob');
    const olga = person('olga', CLOUD_FOREST);
    const tenant = watching();
    const lies: [string, ProposedAdministrator][] = [
      ["an anchor of one forest as another's", member(alice, { forest: FOREST_B })],
      ['a cloud-only person as synchronized', member(olga, { origin: 'synchronized', forest: FOREST_A })],
      ['a synchronized person as cloud-only', member(alice, { origin: 'cloud', forest: null })],
      ['a user who does not exist here yet', member(alice, { sourceAnchor: 'anchor-of-nobody' })],
    ];
    for (const [lie, said] of lies) {
      assert.deepEqual(Object.values(await tenant.says([said])), ['unknown'], lie);
      const [listed] = listAdministrators(ledger);
      const { name, samAccountName, objectGuid, calledByTenant } = listed!;
      assert.deepEqual(
        [name, samAccountName, objectGuid, calledByTenant],
        [null, null, null, said.userPrincipalName],
      );
      for (const user of ['alice', alice.anchor])
        assert.throws(() => accept(user), { code: 'not-proposed' }, lie);
      assert.throws(() => accept('olga', { cloudOnly: true }), { code: 'not-proposed' }, lie);
      assert.throws(() => accept('anchor-of-nobody'), { code: 'no-such-user' }, lie);
    }
    // A member entry of Alice's with Bob's anchor means Bob, under Bob's own names.
    await tenant.says([member(alice, { sourceAnchor: bob.anchor }), member(bob)]);
    assert.deepEqual(
      listAdministrators(ledger).map(({ name, state }) => [name, state]),
      [['bob@corp.example.com', 'proposed']],
    );
    assert.throws(() => accept('alice'), { code: 'not-proposed' });
  });

  it('an oversized or malformed list changes nothing and is logged once', async () => {
    const alice = person('alice');
    const tenant = watching();
    await tenant.says([member(alice)]);
    await accept('alice');
    const many = Array.from({ length: MAX_PROPOSED + 1 }, (_, i) =>
      member(alice, { sourceAnchor: `made-up-${i}` }),
    );
    const lies: [RegExp, ProposedAdministrator[]][] = [
      [/members Too big/, many],
      [/userPrincipalName/, [member(alice, { userPrincipalName: 'alice\naccepted  bob@corp.example.com' })]],
      [/sourceAnchor/, [member(alice, { sourceAnchor: 'x'.repeat(61) })]],
      [/addedAt/, [member(alice, { addedAt: `${ADDED.slice(0, -1)}${'0'.repeat(100)}Z` })]],
    ];
    for (const [why, lie] of lies) {
      assert.deepEqual(await tenant.says(lie), { [alice.anchor]: 'accepted' });
      const told = tenant.log().filter(({ err }) => why.test(err ?? ''));
      assert.deepEqual(
        told.map(({ msg }) => msg),
        ['cannot ask the tenant whom it proposes as administrators'],
      );
    }
    await tenant.says({ members: many.slice(1), more: 3 });
    assert.deepEqual(standing(), []);
    const counts = countAdministrators(ledger);
    assert.deepEqual(counts, { accepted: 0, waiting: MAX_PROPOSED, more: 3, tenant: 'says' });
    assert.match(administratorsLine(counts), /200 wait for you: .*; the tenant has 3 more members/);
  });

  it('the tenant’s name for a user moves no cursor and never counts as their name', async () => {
    const alice = person('alice');
    const evil = '\u001b[2Jalice\u202e@corp.example.com';
    const said = member(alice, { sourceAnchor: 'anchor-of-nobody', userPrincipalName: evil });
    await watching().says([said]);
    const lines = plainText(listLines(listAdministrators(ledger)).join('\n')).split('\n');
    assert.equal(lines.length, 2);
    assert.match(
      lines[1]!,
      /^unknown here +- +- +corp\.example\.com +anchor-of-nobody +- .*the tenant calls them '/,
    );
    assert.ok(lines[1]!.includes("'\ufffd[2Jalice\ufffd@corp.example.com'"));
  });
});
