import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  type ConfigurationParameter,
  FORCE_FULL_PASSWORD_SYNC,
  forceFullPasswordSync as forced,
} from '@causeway/contract';
import { FORESTS, openConnect } from '../testing/open-connect.ts';
import { type AdminHandlers, adminHandlers } from './handlers.ts';

const [corp, fabrikam] = FORESTS;
const tenant = 'peer - AAD';
const at = await openConnect();
let { connect } = at;
let nudges = 0;
let api: AdminHandlers = adminHandlers(connect, () => nudges++);
const reopen = async () => {
  connect = await at.reopen();
  api = adminHandlers(connect, () => nudges++);
};
/** Marks the open pass as having read everybody. */
const readOpenPass = () => {
  const { passes } = connect.connectors[0]!.context.store;
  passes.read(passes.open()!.id);
};
after(() => at.close());

const none = { params: undefined as never, query: undefined as never, body: undefined as never };
const save = (name: string, ...globalParameters: ConfigurationParameter[]) =>
  saveVersion(undefined, name, ...globalParameters);
const saveVersion = async (
  version: number | undefined,
  name: string,
  ...globalParameters: ConfigurationParameter[]
) => api.saveConnector({ params: { name }, query: { version }, body: { globalParameters } }, 'a test');
const set = async (sourceConnector: string, enabled: boolean, targetConnector = tenant) =>
  api.setPasswordSync({ ...none, body: { sourceConnector, targetConnector, enabled } }, 'a test');
const passOf = async (name: string) =>
  (await api.getFullPasswordSync({ ...none, query: { connector: name } }, '')).passes[0]!.pass;
const forcedValue = async (name: string) =>
  (await api.getConnector({ ...none, params: { name } }, '')).globalParameters.find(
    each => each.name === FORCE_FULL_PASSWORD_SYNC,
  )?.value;

test('connector names are case-sensitive, and identifiers survive a restart', async () => {
  const { connectors } = await api.listConnectors(none, '');
  assert.deepEqual(
    connectors.map(({ name, type }) => [name, type]),
    [
      [tenant, 'Extensible2'],
      [corp, 'AD'],
      [fabrikam, 'AD'],
    ],
  );
  assert.equal(connectors[0]!.identifier, 'b891884f-051e-4a83-95af-2544101c9083');
  assert.equal(connectors[1]!.partitions[0]!.dn, 'DC=corp,DC=example,DC=com');
  const wrong = async () => api.getConnector({ ...none, params: { name: 'CORP.example.com' } }, '');
  await assert.rejects(wrong(), {
    code: 'no-such-connector',
    status: 404,
    message: /known are 'corp.example.com', 'fabrikam.example.org', 'peer - AAD' \(case counts\)/,
  });
  await reopen();
  const again = await api.listConnectors(none, '');
  assert.deepEqual(again.connectors, connectors);
  const { identifier } = connectors[2]!;
  assert.equal((await api.getConnector({ ...none, params: { name: identifier } }, '')).name, fabrikam);
});

test('the forced full pass begins only when the channel is switched off and on, and only for its forest', async () => {
  const { version } = await api.getConnector({ ...none, params: { name: corp } }, '');
  const saved = await save(corp, forced(1));
  assert.ok(saved.version > version);
  assert.equal(await forcedValue(corp), 1);
  assert.equal(await passOf(corp), null);
  const configuration = { sourceConnector: corp, targetConnector: tenant };
  assert.deepEqual(await set(corp, false), { ...configuration, enabled: false });
  assert.equal(await passOf(corp), null);
  const [state] = (await api.listPartitionStates({ ...none, query: { connector: corp } }, '')).partitions;
  assert.equal(state!.passwordSyncLastCycleStatus, 'Disabled');
  assert.deepEqual(await set(corp, true), { ...configuration, enabled: true, fullPass: 'begun' });
  const pass = await passOf(corp);
  assert.equal(pass!.completedAt, null);
  assert.match(pass!.waitingFor!, /full import of the directory is not completed/);
  assert.equal(await passOf(fabrikam), null);
  assert.equal(await forcedValue(corp), '0', 'the pass has taken it up');
  assert.ok(nudges >= 2);
});

test('a second request merges into the pass that still reads, and reports that', async () => {
  const { id } = (await passOf(corp))!;
  await save(corp, forced('1'));
  await set(corp, false);
  assert.equal((await set(corp, true)).fullPass, 'merged');
  assert.equal((await passOf(corp))!.id, id);
  const { passes } = await api.forceFullPasswordSync({ ...none, body: { connector: corp } }, 'a test');
  assert.deepEqual([passes[0]!.pass!.id, passes[0]!.merged], [id, true]);
});

test('a pass that has read everybody and waits survives a restart, and the next request replaces it', async () => {
  const { id } = (await passOf(corp))!;
  readOpenPass();
  await reopen();
  for (const connector of connect.connectors) connector.startChannel();
  await set(corp, true);
  assert.equal((await passOf(corp))!.id, id);
  const { passes } = await api.forceFullPasswordSync({ ...none, body: { connector: corp } }, 'a test');
  assert.notEqual(passes[0]!.pass!.id, id);
  assert.deepEqual([passes[0]!.pass!.readAt, passes[0]!.merged], [null, undefined]);
});

test('switching on a running channel starts it again, and the parameter takes effect', async () => {
  readOpenPass();
  const { id } = (await passOf(corp))!;
  await save(corp, forced(1));
  assert.equal((await set(corp, true)).fullPass, 'begun');
  assert.notEqual((await passOf(corp))!.id, id);
});

test('rejects parameters of an older version, and a value other than 1 or 0', async () => {
  const { version } = await api.getConnector({ ...none, params: { name: corp } }, '');
  await set(corp, false);
  await set(corp, true);
  const saved = await saveVersion(version, corp, forced('0'));
  assert.equal(saved.version, version + 1, 'switching the channel is no change of the parameters');
  await assert.rejects(saveVersion(version, corp), {
    code: 'connector-changed',
    status: 409,
    message: new RegExp(`version ${version + 1} expected, got ${version}$`),
  });
  assert.equal(await forcedValue(corp), '0');
  for (const value of [true, 2, 'yes', ' 1'])
    await assert.rejects(save(corp, forced(value)), {
      code: 'bad-parameter',
      status: 400,
      message: /takes 1 /,
    });
  assert.equal((await api.getConnector({ ...none, params: { name: corp } }, '')).version, version + 1);
});

test('switching on without the parameter, or with it at 0, begins no pass', async () => {
  for (const parameters of [[], [forced('0')], [forced(null)], [forced(0)]]) {
    await save(fabrikam, ...parameters);
    await set(fabrikam, false);
    await set(fabrikam, true);
    assert.equal(await passOf(fabrikam), null);
  }
});

test('starting the service begins no pass while the channel is off; switching the channel on begins it', async () => {
  await save(fabrikam, forced('1'));
  await set(fabrikam, false);
  await reopen();
  for (const connector of connect.connectors) connector.startChannel();
  assert.equal(await passOf(fabrikam), null);
  assert.equal((await api.listPasswordSync({ ...none, query: {} }, '')).configurations[1]!.enabled, false);
  await set(fabrikam, true);
  assert.notEqual(await passOf(fabrikam), null);
});

test('rejects an unknown pair, a repeated parameter and an unknown partition', async () => {
  await assert.rejects(set(corp, true, 'Peer - AAD'), { message: /'peer - AAD' expected \(case counts\)/ });
  await assert.rejects(set(tenant, true), { code: 'no-such-connector', message: /one of a forest expected/ });
  await assert.rejects(save(corp, forced(1), forced(0)), { code: 'bad-parameter' });
  const partitions = [{ identifier: '00000000-0000-4000-8000-000000000000', parameters: [] }];
  const body = { globalParameters: [], partitions };
  assert.throws(() => api.saveConnector({ params: { name: corp }, query: {}, body }, ''), {
    code: 'no-such-partition',
  });
});
