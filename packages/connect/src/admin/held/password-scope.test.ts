import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ACCEPTED_RECORDS, type Diagnosis } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { describeStatus } from '../../commands/show-status.ts';
import { ConnectPlace } from '../../testing/connect-place.ts';
import { ProvisioningPeer } from '../../testing/provisioning-peer.ts';
import { ScriptedForest } from '../../testing/scripted-forest.ts';

// What Connect reports of users whose passwords are not synchronized, before and after the withdrawal.

const FOREST = 'corp.example.com';
const EXCLUDE = '(!(adminDescription=PHSFiltered))';
const folder = mkdtempSync(join(tmpdir(), 'causeway-password-scope-'));
const clock = new HandClock();
const peer = await ProvisioningPeer.listen();
Object.assign(peer, { accepts: ACCEPTED_RECORDS, domainAccepts: ACCEPTED_RECORDS });
const forest = await ScriptedForest.listen(FOREST, clock);
const place = new ConnectPlace(join(folder, 'state'), peer.url, [forest], clock);
await place.enrol('a-code');
after(async () => {
  await place.stop();
  await Promise.all([peer.close(), forest.close()]);
  rmSync(folder, { recursive: true });
});

const none = { params: undefined as never, query: undefined as never, body: undefined as never };
const [ann, , cy] = ['ann', 'ben', 'cy'].map(name => forest.hire(name, `Pass-${name}-1!`)) as [
  ReturnType<typeof forest.hire>,
  ReturnType<typeof forest.hire>,
  ReturnType<typeof forest.hire>,
];
forest.change(ann, { adminDescription: 'PHSFiltered' });

async function start(scope: object): Promise<void> {
  await place.restart(scope);
  await turn();
}
async function turn(): Promise<void> {
  await clock.pass(10_000);
  await place.turn();
}
async function preview(scope: Record<string, unknown>) {
  const body = { connectors: [{ name: FOREST, scope }] };
  const [shown] = (await place.api.previewScope({ ...none, body }, '')).previews;
  const { passwords, lines, unchanged } = shown!;
  const said = lines.map(({ operation, kind, name, reason }) => [operation, kind, name, reason ?? '']);
  return { passwords, unchanged, said };
}
const saysOf = async (user: string) =>
  (await place.api.previewUser({ ...none, params: { user } }, '')).password;
async function diagnosisOf(name: string): Promise<Record<string, Diagnosis>> {
  const distinguishedName = place.status(name).distinguishedName;
  const query = { connector: FOREST, distinguishedName };
  const { checks } = await place.api.diagnosePasswordSync({ ...none, query }, '');
  return Object.fromEntries(checks.map(check => [check.check, check]));
}
const NOBODY = { withdraw: 0, keep: 0, send: 0 };
const NOT_MET = 'the condition for passwords is not met';

test('a preview lists the users whose password would be withdrawn, kept or sent, and changes nothing', async () => {
  await start({});
  const excluded = await preview({ passwords: { condition: EXCLUDE } });
  assert.deepEqual(excluded.passwords, { ...NOBODY, withdraw: 1 });
  assert.deepEqual(excluded.said, [['withdraw', 'user', 'ann', NOT_MET]]);
  const kept = await preview({ passwords: { condition: EXCLUDE, leaving: 'keep' } });
  assert.deepEqual(kept.said, [['keep', 'user', 'ann', NOT_MET]]);
  const gone = await preview({
    conditions: { user: '(sAMAccountName=b*)' },
    passwords: { condition: EXCLUDE },
  });
  assert.deepEqual(gone.passwords, NOBODY, 'whoever leaves altogether leaves once');
  await turn();
  assert.equal(place.status('ann').password!.status, 'Success');
  await assert.rejects(preview({ passwords: { condition: 'nonsense' } }), { code: 'bad-scope' });
});

test('lists each held withdrawal with its reason; preview and status show that the password is sent meanwhile', async () => {
  await start({ passwords: { condition: EXCLUDE } });
  const { lists } = await place.api.listHeld({ ...none, query: { operation: 'delete' } }, '');
  const [{ kind, people }] = lists as [(typeof lists)[number]];
  assert.equal(kind, 'leaver-password');
  assert.deepEqual(
    people.map(({ user, reason, canSignIn }) => [user, reason, canSignIn]),
    [[`ann@${FOREST}`, NOT_MET, true]],
  );
  assert.match(await saysOf('ann'), /^sent until you let its withdrawal go/);
  assert.equal(await saysOf('ben'), 'sent: the condition for passwords is met');
  const status = await place.api.getStatus(none, '');
  assert.deepEqual(status.connectors[0]!.passwordScope, { out: 0, held: 1 });
  assert.match(describeStatus(status, true).join('\n'), /1 passwords are to be withdrawn, and wait for you/);
});

test('after the withdrawal neither status nor log shows an error, and the diagnosis fails only the scope of passwords', async () => {
  place.approve();
  await turn();
  assert.match(await saysOf('ann'), /^not sent: not in the scope of passwords: the condition/);
  const { status, detail } = place.status('ann').password!;
  assert.deepEqual([status, place.status('ann').retry], ['FilteredByTarget', null]);
  assert.match(detail!, /^not in the scope of passwords/);
  const { entries } = await place.api.getObjectLog(
    { ...none, params: { id: ann.guid }, query: { count: 1 } },
    '',
  );
  assert.match(entries[0]!.detail!, /^not in the scope of passwords/);
  const checks = await diagnosisOf('ann');
  const failed = Object.values(checks).filter(({ passed }) => !passed);
  assert.deepEqual(
    failed.map(({ check }) => check),
    ['scope of passwords'],
  );
  assert.match(checks['scope of passwords']!.found, /not in the scope of passwords/);
  assert.equal((await diagnosisOf('ben'))['scope of passwords']!.passed, true);
  const shown = await place.api.getStatus(none, '');
  assert.deepEqual(shown.connectors[0]!.passwordScope, { out: 1, held: 0 });
  assert.match(describeStatus(shown, true).join('\n'), /1 people are not in the scope of passwords/);
  const back = await preview({});
  assert.deepEqual([back.passwords, back.said], [{ ...NOBODY, send: 1 }, [['send', 'user', 'ann', '']]]);
});

test('names the state before the scope: a user who is not synchronized, or signs in by smart card only', async () => {
  await start({ conditions: { user: '(!(sAMAccountName=ben))' }, passwords: { condition: EXCLUDE } });
  forest.change(cy, { smartCard: true });
  forest.change(ann, { smartCard: true });
  place.approve();
  await turn();
  assert.equal(await saysOf('ben'), 'not sent: not synchronized');
  for (const name of ['ann', 'cy']) {
    assert.equal(await saysOf(name), 'not sent: signs in by smart card only');
    assert.match(place.status(name).password!.detail!, /smart card only/);
  }
});
