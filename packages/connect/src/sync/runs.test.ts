import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LdapError } from '@causeway/ldap';
import type { HandClock } from '@causeway/service/testing';
import type { RunKind } from '../runs/run.ts';
import { errorsOf, listRuns } from '../store/runs/run-table.ts';
import type { ConnectPlace } from '../testing/connect-place.ts';
import type { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import type { ScriptedForest } from '../testing/scripted-forest.ts';
import { type WholeConnect, wholeConnect } from '../testing/whole-connect.ts';
import { readOverride, setOverride } from './connector-override.ts';

const FOREST = 'corp.example.com';

let clock: HandClock;
let peer: ProvisioningPeer;
let forest: ScriptedForest;
let place: ConnectPlace;
let close: WholeConnect['close'];

beforeEach(async () => {
  ({ clock, peer, forest, place, close } = await wholeConnect());
  await place.enrol('a-code');
  await place.start();
});

afterEach(() => close());

async function turn(): Promise<void> {
  await clock.pass(10_000);
  await place.turn();
}

const db = () => place.connector.context.store.db;
const runs = (kind: RunKind) =>
  listRuns(db(), { of: [{ connector: FOREST, profile: { kind } }], limit: 100 });
/** Adds, updates, deletes and errors of the newest run of a kind that did something. */
function counts(kind: RunKind): number[] {
  const run = runs(kind).find(
    ({ counts: { adds, updates, deletes, errors } }) => adds + updates + deletes + errors,
  )!;
  return [run.counts.adds, run.counts.updates, run.counts.deletes, run.counts.errors];
}

test('records an import, a synchronization, an export and a password cycle as a run each, with their counts', async () => {
  const [ann, ben] = ['ann', 'ben', 'cy'].map(name => forest.hire(name, `Pass-${name}!`));
  await turn();
  const everybody = forest.people.length;
  assert.equal(runs('import').at(-1)!.whole, true);
  assert.deepEqual(counts('import').slice(1), [0, 0, 0]);
  assert.ok(counts('import')[0]! >= everybody);
  assert.deepEqual(counts('export'), counts('synchronization'));
  assert.deepEqual(counts('passwords'), [3, 0, 0, 0]);
  assert.ok(
    ['import', 'synchronization', 'export', 'passwords'].every(
      kind => runs(kind as RunKind)[0]!.result === 'success',
    ),
  );
  forest.setPassword(ann!, 'Another-1!');
  forest.delete(ben!);
  await turn();
  assert.deepEqual(counts('import').slice(2), [1, 0]);
  assert.deepEqual(counts('synchronization'), [0, 0, 1, 0]);
  assert.deepEqual(counts('export'), [0, 0, 1, 0]);
  assert.deepEqual(counts('passwords'), [0, 1, 0, 0]);
  const before = runs('import').length;
  for (let n = 0; n < 5; n++) await turn();
  const [quiet] = runs('import');
  assert.ok(runs('import').length <= before + 1, 'looks that found nothing are one row');
  assert.ok(quiet!.looks >= 5);
});

test('records a change that the tenant refuses as an error of the object, under the name in the log', async () => {
  const ann = forest.hire('ann', 'Pass-1!');
  await turn();
  peer.judge = change =>
    'passwordOrder' in change ? { verdict: 'refused', reason: 'not today' } : undefined;
  forest.setPassword(ann, 'Pass-2!');
  await turn();
  const [run] = runs('passwords').filter(({ counts: { errors } }) => errors > 0);
  assert.equal(run!.result, 'completed-export-errors');
  const [error, ...others] = errorsOf(db(), run!.id);
  assert.deepEqual(others, []);
  assert.deepEqual([error!.code, error!.reason], ['refused', 'not today']);
  assert.match(error!.dn, /^CN=ann,/i);
});

test('marks a run that a kill interrupted anywhere as stopped at the next start', async () => {
  forest.hire('ann', 'Pass-1!');
  await turn();
  const seen = new Set<string>();
  for (let passes = 0; ; passes++) {
    forest.setPassword(forest.people[0]!, `Pass-${passes}-next!`);
    forest.hire(`new${passes}`, 'Pass-1!');
    await clock.pass(20_000);
    const killedAt = await place.turnKilledAfter(passes);
    if (killedAt === undefined) break;
    seen.add(killedAt);
    const open = listRuns(db(), { limit: 100 }).filter(({ result }) => result === 'in-progress');
    assert.deepEqual(open, [], killedAt);
    if (killedAt === 'connect.after-send') {
      const stopped = listRuns(db(), { limit: 10 }).filter(({ result }) => result === 'stopped-server');
      assert.ok(stopped.length > 0, `after ${passes} points`);
    }
  }
  assert.ok(seen.has('connect.after-send'));
  await turn();
  assert.deepEqual(
    listRuns(db(), { limit: 2 }).map(({ result }) => result),
    ['success', 'success'],
  );
});

test('records exports in one row while deletions wait, and counts the deletions after the approval', async () => {
  const people = Array.from({ length: 20 }, (_, n) => forest.hire(`user${n}`, `Pass-${n}!`));
  await turn();
  for (const person of people.slice(0, 12)) forest.delete(person);
  for (let n = 0; n < 4; n++) await turn();
  const [waiting, before] = runs('export');
  assert.equal(waiting!.result, 'stopped-deletion-threshold-exceeded');
  assert.ok(waiting!.looks >= 4);
  assert.equal(before!.result, 'success');
  assert.equal(place.approve(), 12);
  await turn();
  assert.deepEqual(counts('export'), [0, 0, 12, 0]);
  assert.equal(runs('export')[0]!.result, 'success');
});

test('redoes what an administrator requests in the next cycle only', async () => {
  forest.hire('ann', 'Pass-1!');
  await turn();
  const wholeRuns = (kind: RunKind) => runs(kind).filter(({ whole }) => whole).length;
  const before = [wholeRuns('import'), wholeRuns('synchronization')];
  setOverride(place.connector.context.store, { fullImportRequired: true, fullSyncRequired: false });
  await turn();
  assert.deepEqual([wholeRuns('import'), wholeRuns('synchronization')], [before[0]! + 1, before[1]]);
  setOverride(place.connector.context.store, { fullImportRequired: false, fullSyncRequired: true });
  await turn();
  await turn();
  assert.deepEqual([wholeRuns('import'), wholeRuns('synchronization')], [before[0]! + 1, before[1]! + 1]);
  assert.deepEqual(readOverride(place.connector.context.store), {
    fullImportRequired: false,
    fullSyncRequired: false,
  });
});

test('records an unreachable domain controller in one row, however long it lasts', async () => {
  await turn();
  const usn = place.connector.controller.poll.bind(place.connector.controller);
  Object.assign(place.connector.controller, {
    poll: () => Promise.reject(new LdapError('unreachable', 'connection refused')),
  });
  for (let n = 0; n < 3; n++) await assert.rejects(place.connector.poll());
  Object.assign(place.connector.controller, { poll: usn });
  const [run] = runs('import');
  assert.deepEqual([run!.result, run!.looks], ['no-start-connection', 3]);
  await turn();
  assert.equal(runs('import')[0]!.result, 'success');
});
