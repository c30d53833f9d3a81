import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FORCE_FULL_PASSWORD_SYNC, forceFullPasswordSync } from '@causeway/contract';
import type { HandClock } from '@causeway/service/testing';
import { adminHandlers } from '../admin/handlers.ts';
import { listRuns } from '../store/runs/run-table.ts';
import type { ConnectPlace } from '../testing/connect-place.ts';
import { FORESTS, openConnect } from '../testing/open-connect.ts';
import type { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { READS, refuseStaging } from '../testing/refuse-staging.ts';
import type { ScriptedForest } from '../testing/scripted-forest.ts';
import { type WholeConnect, wholeConnect } from '../testing/whole-connect.ts';

const FOREST = 'corp.example.com';
let clock: HandClock;
let peer: ProvisioningPeer;
let forest: ScriptedForest;
let place: ConnectPlace;
let close: WholeConnect['close'];

beforeEach(async () => {
  ({ clock, peer, forest, place, close } = await wholeConnect());
});

afterEach(() => close());

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await clock.pass(10_000);
    await place.turn();
  }
}

const asked = (): string[] => [...new Set(peer.requests.map(({ path }) => path))].sort();
const store = () => place.connector.context.store;

/** Counts how often the domain controller is asked for passwords. */
function watchPasswords(): () => number {
  let times = 0;
  const { controller } = place.connector;
  const refuse = () => Promise.reject(new Error(`passwords were asked for ${++times} times`));
  Object.assign(controller, { replication: refuse, openReplication: refuse, single: refuse });
  return () => times;
}

test('while staging, imports and decides in its own runs, reads no password, holds no key and sends nothing', async () => {
  await place.enrol('a-code', true);
  refuseStaging(peer);
  await place.start();
  const passwords = watchPasswords();
  const ann = forest.hire('ann', 'Pass-1!');
  await turns(2);
  forest.setPassword(ann, 'Pass-2!');
  store().passes.request();
  const context = place.connector.context;
  await turns(13); // two minutes: cycles are due although nothing changes
  assert.deepEqual([store().space.countInScope() > 0, store().space.countExported()], [true, 0]);
  assert.deepEqual(asked(), [...READS].sort());
  assert.equal(passwords(), 0);
  assert.throws(() => context.agent.signingKey, { code: 'staging' });
  assert.equal('signingKey' in { ...context.agent }, false, 'a copy has none, either');
  const kinds = listRuns(store().db, { limit: 100 }).map(({ kind, result }) => `${kind} ${result}`);
  assert.deepEqual([...new Set(kinds)].sort(), ['import success', 'synchronization success']);
  assert.deepEqual(peer.heads.size, 0);
  await place.stop();
  await place.start();
  assert.ok(place.stages, 'a start goes by what was kept');
});

test('stages once the tenant refuses it, keeps what it knows and sends nothing more', async () => {
  await place.enrol('a-code');
  await place.start();
  forest.hire('ann', 'Pass-1!');
  await turns(3);
  const exported = store().space.countExported();
  assert.ok(exported > 0 && peer.heads.size > 0);
  refuseStaging(peer);
  peer.requests.length = 0;
  forest.hire('ben', 'Pass-1!');
  await turns(1);
  assert.ok(place.stages);
  assert.equal(asked().filter(path => !READS.includes(path)).length, 1, 'the first refusal was enough');
  peer.requests.length = 0;
  const passwords = watchPasswords();
  await turns(4);
  assert.deepEqual(
    asked().filter(path => !READS.includes(path)),
    [],
  );
  assert.equal(passwords(), 0);
  assert.equal(store().space.countExported(), exported);
  assert.match(
    store()
      .events.last(50)
      .map(({ text }) => text)
      .join('\n'),
    /stages from now on/,
  );
});

test('asks before it signs anything if it was demoted while it was off or lost its database', async () => {
  await place.enrol('a-code');
  await place.start();
  forest.hire('ann', 'Pass-1!');
  await turns(2);
  for (const takeBack of [undefined, place.snapshot()]) {
    await place.stop();
    if (takeBack === undefined) await place.takeBack(undefined);
    forest.hire(`new${Number(takeBack === undefined)}`, 'Pass-1!');
    refuseStaging(peer);
    peer.requests.length = 0;
    await place.start();
    assert.equal(place.stages, false);
    await turns(2);
    assert.ok(place.stages);
    assert.deepEqual(
      asked().filter(path => !READS.includes(path)),
      [],
    );
    // Promote it again before the next round.
    Object.assign(peer, { staging: false, misbehave: () => undefined });
    await turns(2);
    assert.equal(place.stages, false);
  }
});

test('signs everything again and reads every password after it was promoted again, whatever the tenant has', async () => {
  await place.enrol('a-code');
  await place.start();
  const [ann, ben] = [forest.hire('ann', 'Pass-1!'), forest.hire('ben', 'Pass-1!')];
  const group = forest.groups.make('staff');
  for (const person of [ann, ben]) forest.groups.add(group, person);
  await turns(3);
  refuseStaging(peer);
  await turns(2);
  assert.ok(place.stages);
  forest.delete(ben);
  await turns(2);
  const before = peer.users.get(ann.anchor)!.object.sequence;
  const credential = peer.users.get(ann.anchor)!.credential;
  Object.assign(peer, { staging: false, misbehave: () => undefined });
  await turns(4);
  assert.equal(place.stages, false);
  assert.ok(peer.users.get(ann.anchor)!.object.sequence > before);
  assert.notEqual(peer.users.get(ann.anchor)!.credential, credential);
  assert.equal(peer.users.has(ben.anchor), false, 'who was deleted meanwhile, and whom the tenant still had');
  assert.deepEqual(peer.membersOf(group.anchor), [ann.anchor]);
  assert.deepEqual(place.alarms(), []);
  assert.equal(store().bulk.held({ scope: FOREST, operation: 'create', kind: 'user' }).length, 0);
});

test('reports everywhere that it stages, and refuses whatever would read or send a password', async () => {
  const at = await openConnect(clock);
  try {
    at.peer.staging = true;
    at.connect.store.staging.begin();
    const connect = await at.reopen();
    const api = adminHandlers(connect, () => {});
    const none = { params: undefined as never, query: undefined as never, body: undefined as never };
    const status = await api.getStatus(none, '');
    assert.equal(status.staging?.agentId, connect.agent.agentId);
    assert.deepEqual(
      status.connectors.map(({ passwordSync }) => passwordSync),
      [true, true],
      'what an administrator set stays',
    );
    assert.equal((await api.getScheduler(none, '')).stagingModeEnabled, true);
    const { parameters } = await api.getGlobalSettings(none, '');
    assert.equal(parameters.find(({ name }) => name === 'Microsoft.Synchronize.StagingMode')?.value, 'true');
    const [name] = FORESTS;
    const body = { globalParameters: [forceFullPasswordSync('1')] };
    await api.saveConnector({ params: { name }, query: {}, body }, 'a test');
    await api.setPasswordSync(
      { ...none, body: { sourceConnector: name, targetConnector: 'peer - AAD', enabled: true } },
      'a test',
    );
    assert.equal(connect.connectors[0]!.context.store.passes.open(), undefined);
    const kept = (await api.getConnector({ ...none, params: { name } }, '')).globalParameters;
    assert.equal(kept.find(one => one.name === FORCE_FULL_PASSWORD_SYNC)?.value, '1', 'it is asked for then');
    const guid = '00000000-0000-4000-8000-000000000001';
    await assert.rejects(connect.connectors[0]!.syncPassword(guid), { code: 'staging' });
    const { checks } = await api.diagnosePasswordSync({ ...none, query: {} }, '');
    assert.equal(checks.find(one => one.check === 'staging')?.passed, false);
  } finally {
    await at.close();
  }
});

test('shows in the status that it stages if it was demoted while it was off', async () => {
  const at = await openConnect(clock);
  try {
    const none = { params: undefined as never, query: undefined as never, body: undefined as never };
    const look = () => adminHandlers(at.connect, () => {}).getStatus(none, '');
    assert.equal((await look()).staging, undefined);
    at.peer.staging = true;
    assert.notEqual((await look()).staging, undefined);
  } finally {
    await at.close();
  }
});
