import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { eventually, HandClock } from '@causeway/service/testing';
import { decideObject } from '../objects/merge.ts';
import { NO_RULES } from '../scope/rules.ts';
import { rulesText } from '../store/scope/rules-in-force.ts';
import { person } from '../testing/fixtures.ts';
import { FORESTS, openConnect } from '../testing/open-connect.ts';
import { adminHandlers } from './handlers.ts';
import { userStatus } from './status.ts';

const [corp, fabrikam] = FORESTS;
const clock = new HandClock();
const at = await openConnect(clock);
const api = adminHandlers(at.connect, () => {});
after(() => at.close());

const none = { params: undefined as never, query: undefined as never, body: undefined as never };

test('the effective interval is the larger of the allowed and the customized one', async () => {
  const { scheduler } = at.connect.store;
  const before = await api.getScheduler(none, '');
  assert.deepEqual(
    [before.allowedSyncCycleInterval, before.customizedSyncCycleInterval, before.schedulerSuspended],
    [120, null, false],
  );
  assert.ok(before.syncCycleEnabled);
  assert.ok(Date.parse(before.nextSyncCycleStartTimeInUTC!) <= clock.now(), 'due at once');
  const set = (body: Parameters<typeof api.setScheduler>[0]['body']) =>
    api.setScheduler({ ...none, body }, 'a test');
  assert.equal((await set({ customizedSyncCycleInterval: 60 })).currentlyEffectiveSyncCycleInterval, 120);
  const changed = await set({
    customizedSyncCycleInterval: 3_600,
    nextSyncCyclePolicyType: 'Initial',
    purgeRunHistoryInterval: 86_400,
  });
  assert.equal(changed.currentlyEffectiveSyncCycleInterval, 3_600);
  const last = '2026-11-28T10:00:00.000Z';
  for (const { context } of at.connect.connectors) context.store.cursors.set('last-object-cycle-at', last);
  assert.equal(changed.nextSyncCyclePolicyType, 'Initial');
  assert.deepEqual(
    at.connect.connectors.map(({ nextPolicy }) => nextPolicy),
    ['Initial', 'Initial'],
  );
  assert.equal(scheduler.purgeInterval, 86_400);
  const off = await set({ schedulerSuspended: true });
  assert.equal(
    off.nextSyncCycleStartTimeInUTC,
    '2026-11-28T11:00:00.000Z',
    'it shows that cycles stand still',
  );
  assert.equal(off.customizedSyncCycleInterval, 3_600);
  await set({ schedulerSuspended: false, customizedSyncCycleInterval: null });
  const [event] = at.connect.store.events.last(1);
  assert.match(event!.text, /changed by a test: .*schedulerSuspended false/);
});

const start = async () => api.startSyncCycle({ ...none, body: { policyType: 'Delta' } }, '');
const running = async (query: { connector?: string } = {}) =>
  (await api.listRunStatus({ ...none, query }, '')).running.map(({ connectorName }) => connectorName);
const inProgress = async () => (await api.getScheduler(none, '')).syncCycleInProgress;

test('starts one requested cycle at a time, and reports when there is nothing to stop', async () => {
  assert.deepEqual(await api.stopSyncCycle(none, ''), { stopped: false });
  assert.deepEqual(await start(), { started: true });
  await assert.rejects(start(), {
    code: 'cycle-in-progress',
    status: 409,
    message: /^connector: peer - AAD is busy: /,
  });
  const status = async () => (await api.getStatus(none, '')).connectors;
  await eventually('each connector has had its turn', async () =>
    (await status()).every(({ lastError }) => lastError !== null),
  );
  assert.ok((await status()).every(({ lastError }) => /cannot be used/.test(lastError ?? '')));
});

test('every connector is busy and no other cycle starts until a requested cycle has ended', async () => {
  // The first forest has had its turn and the second still waits, so nothing is imported or exported.
  const second = Promise.withResolvers<void>();
  const held = at.connect.connectors[1]!.betweenCycles(() => second.promise);
  assert.deepEqual([await running(), await inProgress()], [[], false]);
  await start();
  await at.connect.connectors[0]!.betweenCycles(async () => {});
  assert.deepEqual(
    at.connect.connectors.map(({ busy }) => busy),
    [undefined, undefined],
  );
  assert.deepEqual([await running(), await inProgress()], [['peer - AAD', corp, fabrikam], true]);
  assert.deepEqual(await running({ connector: fabrikam }), [fabrikam]);
  await assert.rejects(start(), { code: 'cycle-in-progress' });
  second.resolve();
  await held;
  await eventually('the cycle has ended', async () => !(await inProgress()));
  assert.deepEqual([await running(), await inProgress()], [[], false]);
});

test('stopping a cycle skips the forests that have not had their turn', async () => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [one, two] = at.connect.connectors;
  const held = [one!.betweenCycles(() => first.promise), two!.betweenCycles(() => second.promise)];
  const cycles = assert.rejects(at.connect.sync());
  const stopping = api.stopSyncCycle(none, '');
  first.resolve();
  // If the second forest still had its turn, this would wait for it.
  assert.deepEqual(await stopping, { stopped: true });
  assert.deepEqual([await running(), await inProgress()], [[], false]);
  second.resolve();
  await Promise.all([cycles, ...held]);
});

test("an override makes a forest's next cycle import or decide everything again; the tenant's connector rejects an import", async () => {
  const set = (name: string, body: Parameters<typeof api.setOverride>[0]['body']) =>
    api.setOverride({ params: { name }, query: undefined, body }, 'a test');
  const list = async (query = {}) => (await api.listOverrides({ ...none, query }, '')).overrides;
  assert.deepEqual(
    (await list()).map(each => [each.connectorName, each.fullImportRequired, each.fullSyncRequired]),
    [
      ['peer - AAD', false, false],
      [corp, false, false],
      [fabrikam, false, false],
    ],
  );
  await set(corp, { fullImportRequired: true });
  await set(corp, { fullSyncRequired: true });
  assert.deepEqual(
    (await list({ connector: corp })).map(each => [each.fullImportRequired, each.fullSyncRequired]),
    [[true, true]],
  );
  assert.equal(
    (await set(corp, { fullImportRequired: false, fullSyncRequired: false })).fullSyncRequired,
    false,
  );
  await assert.rejects(async () => set('peer - AAD', { fullImportRequired: true }), {
    code: 'nothing-to-import',
    status: 409,
  });
  assert.equal((await set('peer - AAD', { fullImportRequired: false })).fullImportRequired, false);
});

test("rejects a deletion threshold above the configuration's, and applies a lower one", async () => {
  const set = (thresholdCount: number) =>
    api.setDeletionThreshold({ params: undefined, query: undefined, body: { thresholdCount } }, 'a test');
  assert.deepEqual(await api.getDeletionThreshold(none, ''), {
    ...{ deletionPrevention: 1, thresholdCount: 500, largestCount: 500, waiting: 0 },
  });
  await assert.rejects(async () => set(501), { code: 'threshold-too-large', message: /configuration's 500/ });
  assert.equal((await set(20)).thresholdCount, 20);
  const value = (await api.getGlobalSettings(none, '')).parameters.find(({ name }) =>
    name.endsWith('ExportDeletionThresholdValue'),
  );
  assert.equal(value!.value, '20');
  assert.equal((await set(500)).thresholdCount, 500);
  assert.equal(at.connect.store.scheduler.deletionThreshold, undefined);
});

test('a connector shows what it reads of a domain, and as whom', async () => {
  const forest = await api.getConnector({ params: { name: corp }, query: undefined, body: undefined }, '');
  assert.deepEqual(forest.partitions[0]!.connectorPartitionScope, {
    objectClasses: ['user', 'inetOrgPerson', 'group'],
    containerInclusionList: ['DC=corp,DC=example,DC=com'],
    containerExclusionList: [],
  });
  assert.deepEqual(
    forest.connectivityParameters!.map(({ name, value }) => [name, value]),
    [
      ['forest-name', corp],
      ['forest-login-user', 'reader'],
      ['forest-login-domain', corp],
      ['server-name', '127.0.0.1'],
    ],
  );
});

test('a connector shows which containers and classes the scope in force includes', async () => {
  const { store } = at.connect.connectors.find(({ name }) => name === corp)!.context;
  const before = store.rules.text!;
  const staff = { dn: 'OU=Staff,DC=corp,DC=example,DC=com', objectGuid: randomUUID() };
  const interns = { dn: `OU=Interns,${staff.dn}`, objectGuid: randomUUID() };
  const organizationalUnits = { include: [staff], exclude: [interns] };
  const scope = { organizationalUnits, groups: [], conditions: {}, inetOrgPersons: false };
  store.rules.set(rulesText([], { scope, accountNames: 'sAMAccountName' }, undefined));
  const { partitions } = await api.getConnector(
    { params: { name: corp }, query: undefined, body: undefined },
    '',
  );
  store.rules.set(before);
  assert.deepEqual(partitions[0]!.connectorPartitionScope, {
    objectClasses: ['user', 'group'],
    containerInclusionList: [staff.dn],
    containerExclusionList: [interns.dn],
  });
});

test('refuses to switch on a feature that Causeway lacks, with the reason', async () => {
  const features = await api.getCompanyFeature(none, '');
  assert.deepEqual(
    Object.entries(features).filter(([, on]) => on),
    [['passwordHashSync', true]],
  );
  const set = (body: object) => async () => api.setCompanyFeature({ ...none, body }, '');
  await assert.rejects(set({ userWriteback: true }), { code: 'no-such-feature', status: 409 });
  await assert.rejects(set({ forcePasswordChangeOnLogOn: true }), { message: /temporary password/ });
  await assert.rejects(set({ passwordHashSync: false }), { code: 'password-sync-by-pair' });
  assert.deepEqual(await set({ userWriteback: false, passwordHashSync: true })(), features);
});

test("settings have a stable identity, and the original's parameter names", async () => {
  const settings = await api.getGlobalSettings(none, '');
  assert.equal((await api.getGlobalSettings(none, '')).instanceId, settings.instanceId);
  const threshold = settings.parameters.find(({ name }) => name.endsWith('ThresholdValue'));
  assert.equal(threshold!.value, '500');
});

test("counts pending objects as the tenant connector's exports, and finds objects of both sides by name", async () => {
  const { context } = at.connect.connectors[0]!;
  for (const n of [1, 2, 3])
    context.store.space.put(decideObject('user', person(n), { scope: context.scope, rules: NO_RULES }), 1);
  const filtered = person(4, { isCriticalSystemObject: 'TRUE' });
  context.store.space.put(decideObject('user', filtered, { scope: context.scope, rules: NO_RULES }), 1);
  const { anchor, guid, dn, desiredDigest } = context.store.space.get(person(1).guid)!;
  context.store.space.acknowledgeExport(guid, desiredDigest, 1);
  const statistics = async (name: string) => api.getConnectorStatistics({ ...none, params: { name } }, '');
  const ofTenant = await statistics('peer - AAD');
  assert.deepEqual(
    [ofTenant.exportAdds, ofTenant.exportUpdates, ofTenant.exportDeletes, ofTenant.totalConnectors],
    [2, 0, 0, 1],
  );
  const ofForest = await statistics(corp);
  assert.deepEqual([ofForest.importNoChange, ofForest.totalConnectors, ofForest.exportAdds], [4, 3, 0]);

  const list = async (
    connector: string,
    distinguishedName?: string,
    startIndex = 0,
    maxResultCount = 100,
  ) => {
    const query = { connector, distinguishedName, startIndex, maxResultCount };
    return (await api.listObjects({ ...none, query }, '')).objects;
  };
  const [found] = await list(corp, dn.toUpperCase());
  assert.deepEqual([found!.objectId, found!.anchorValue, found!.isConnector], [guid, anchor, true]);
  const [out] = await list(corp, filtered.dn);
  assert.equal(out!.isConnector, false);
  assert.ok(out!.filteredBy);
  assert.deepEqual(await list(fabrikam), []);
  const inTenant = await list('peer - AAD');
  assert.equal(inTenant.length, 3);
  assert.deepEqual(await list('peer - AAD', undefined, 1, 1), [inTenant[1]]);
  const [byDn] = await list('peer - AAD', `CN={${Buffer.from(anchor).toString('hex')}}`);
  assert.equal(byDn!.objectId, guid);
  assert.deepEqual(await list(corp, 'CN=nobody'), []);
  const sent = await api.syncObjectPassword({ ...none, params: { id: filtered.guid } }, '');
  assert.equal(sent.status, 'SourceConnectorNotPresent');
  const nobody = '00000000-0000-4000-8000-00000000ffff';
  assert.throws(() => api.getObject({ ...none, params: { id: nobody } }, ''), { code: 'no-such-object' });
});

test('keeps two people with one objectGUID in two forests apart, and rejects the GUID alone as ambiguous', async () => {
  const twin = person(77);
  const [first, second] = at.connect.connectors.map(({ context }) => context);
  for (const { store, scope } of [first!, second!])
    store.space.put(decideObject('user', twin, { scope, rules: NO_RULES }), 1);
  const { anchor, desiredDigest } = first!.store.space.get(twin.guid)!;
  first!.store.space.acknowledgeExport(twin.guid, desiredDigest, 1);
  second!.store.owed.put(twin.guid);
  assert.equal(second!.store.space.get(twin.guid)!.exportedDigest, undefined);
  assert.equal(first!.store.owed.since(twin.guid), undefined);
  const which = { code: 'several-objects', message: /corp\.example\.com, fabrikam\.example\.org/ };
  assert.throws(() => api.getObject({ ...none, params: { id: twin.guid } }, ''), which);
  await assert.rejects(async () => api.syncObjectPassword({ ...none, params: { id: twin.guid } }, ''), which);
  for (const name of [anchor, twin.guid])
    assert.throws(() => userStatus(at.connect, name), { code: 'several-users', message: /of fabrikam/ });
  second!.store.space.put(
    {
      ...decideObject('user', twin, { scope: second!.scope, rules: NO_RULES }),
      deleted: true,
      desiredDigest: undefined,
    },
    1,
  );
  second!.store.space.removeForgotten();
  assert.equal(userStatus(at.connect, anchor).connector, corp);
});

test('lists the log of one object newest first, and keeps it for seven days', async () => {
  const { store } = at.connect.connectors[0]!.context;
  const id = person(1).guid;
  const dayMs = 86_400_000;
  store.passwords.note(id, 'RetryRequestedByTarget', 'busy');
  await clock.pass(dayMs);
  store.passwords.note(id, 'FilteredByTarget', 'waits');
  const query = { count: 10 };
  const entries = async () => (await api.getObjectLog({ ...none, params: { id }, query }, '')).entries;
  assert.deepEqual(
    (await entries()).map(({ status }) => status),
    ['FilteredByTarget', 'RetryRequestedByTarget'],
  );
  await clock.pass(6 * dayMs);
  at.connect.prune();
  assert.equal((await entries()).length, 2);
  await clock.pass(3_600_000);
  at.connect.prune();
  assert.deepEqual(
    (await entries()).map(({ status }) => status),
    ['FilteredByTarget'],
  );
});

test('the diagnostics show what is wrong and what to do', async () => {
  const { checks } = await api.diagnosePasswordSync({ ...none, query: { connector: corp } }, '');
  const failed = checks.filter(({ passed }) => !passed);
  assert.ok(failed.some(({ check, action }) => check.endsWith('domain controller') && action !== null));
  assert.ok(checks.some(({ check, passed }) => check === 'tenant' && passed));
  const query = { connector: corp, distinguishedName: person(4).dn };
  const ofObject = (await api.diagnosePasswordSync({ ...none, query }, '')).checks;
  assert.equal(ofObject.find(({ check }) => check === 'scope')!.passed, false);
  const reach = await api.getDomainReachability({ ...none, params: { name: corp } }, '');
  assert.equal(reach.domains[0]!.isReachable, false);
  assert.match(reach.domains[0]!.exceptionMessage!, /127\.0\.0\.1:1/);
});
