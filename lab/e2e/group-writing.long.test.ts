import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DomainStatus } from '@causeway/contract';
import type { PublicDomainKeys } from '@causeway/domain-services';
import { ForestPeer, type Group, type Person } from '@causeway/domain-services/testing';
import { bytesOf, decodeSid, type LdapConnection, type LdapEntry, textOf } from '@causeway/ldap';
import type { GroupFields } from '@causeway/records';
import { runTool } from '@causeway/samba';
import { runClient } from '../domains/run-client.ts';
import { TenantPeer } from '../peers/tenant-peer.ts';
import { DomainPlace } from '../places/domain-place.ts';

// Groups and their members in the managed domain, from a scripted tenant whose records a forest's key has signed.

const service = new DomainPlace(26);
const { realm: REALM, address: ADDRESS, base: BASE, layout, cli } = service;
const USERS = `OU=AADDC Users,${BASE}`;
const FOREST = 'corp.example.com';
const UNIVERSAL = { security: '-2147483640', distribution: '8' };

const eventually = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) =>
  service.eventually(what, look, 60_000);

let tenant: TenantPeer;
let forest: ForestPeer;
let ldap: LdapConnection;
let [alice, bob]: Person[] = [];
let [staff, project, staffOfOthers]: Group[] = [];

before(async () => {
  tenant = await TenantPeer.start();
  forest = new ForestPeer(tenant.tenantId, FOREST);
  tenant.offer('connect', forest.publicKey);
  await service.create(tenant.url);
  await service.start();
  await cli('trust-agent', forest.publicKey.fingerprint, '--forest', FOREST);
  ldap = await service.openLdap();
  [alice, bob] = ['alice', 'bob'].map(name => forest.person(name)) as [Person, Person];
  [staff, project] = ['Staff', 'Project'].map(name => forest.group(name)) as [Group, Group];
});

after(async () => {
  await ldap?.close();
  await service.end();
  await tenant?.close();
});

const say = (group: Group, ...records: string[]) =>
  tenant.publishGroups(...records.map(record => forest.groupItem(group, record)));
const sayGroup = (group: Group, changes: Partial<GroupFields> = {}) =>
  say(group, forest.groupRecord(group, changes));
const sayMembers = (group: Group, ...references: string[]) => say(group, ...forest.slices(group, references));

const ATTRIBUTES = [
  'objectSid',
  'objectGUID',
  'member',
  'groupType',
  'sAMAccountName',
  'displayName',
  'mail',
];
const find = async (name: string): Promise<LdapEntry | undefined> =>
  (await ldap.search(USERS, { filter: `(sAMAccountName=${name})`, attributes: ATTRIBUTES }))[0];
/** Names of the members of a group; undefined without such a group. */
async function members(name: string): Promise<string[] | undefined> {
  const found = await find(name);
  const names = (found?.attributes.member ?? []).map(dn => /^CN=([^,]+),/.exec(String(dn))![1]!);
  return found && names.sort();
}
const hasMembers = (name: string, ...wanted: string[]) =>
  eventually(`${name} has ${wanted}`, async () => {
    const found = await members(name);
    return found?.join() === wanted.join();
  });
const sidOf = async (name: string) => decodeSid(bytesOf((await find(name))!, 'objectSid')!);
/** The SIDs of a person's groups, nested ones included, as another program reads them from the database. */
async function tokenGroups(name: string): Promise<string> {
  const dn = `CN=${name},${USERS}`;
  return runTool('ldbsearch', ['-H', layout.samLdb, '-s', 'base', '-b', dn, 'tokenGroups']);
}
const status = async () => (await cli<DomainStatus>('status')).groups!;

test('groups, users and members arrive in any order, and nested groups give their SIDs to users', async () => {
  sayMembers(staff!, alice!.anchor, bob!.anchor);
  sayMembers(project!, staff!.anchor);
  sayGroup(project!, { securityEnabled: false, mail: 'project@corp.example.com' });
  sayGroup(staff!);
  await hasMembers('Project', 'Staff');
  assert.deepEqual(await members('Staff'), []);
  assert.equal((await status()).membershipsWaiting, 2);
  tenant.publish(...[alice!, bob!].map(one => forest.item(one, forest.account(one), null)));
  await hasMembers('Staff', 'alice', 'bob');
  const made = (await find('Project'))!;
  assert.deepEqual(
    ['groupType', 'displayName', 'mail'].map(name => textOf(made, name)),
    [UNIVERSAL.distribution, 'Group Project', 'project@corp.example.com'],
  );
  assert.equal(textOf((await find('Staff'))!, 'groupType'), UNIVERSAL.security);
  assert.ok(!(await tokenGroups('alice')).includes(await sidOf('Project')), 'a distribution group');
  sayGroup(project!);
  await eventually('alice has the rights of both', async () => {
    const sids = await tokenGroups('alice');
    return sids.includes(await sidOf('Staff')) && sids.includes(await sidOf('Project'));
  });
});

test('a ticket names the groups, also nested ones, until the user leaves', async () => {
  const password = 'Alice.Passw0rd.1';
  const { key } = await cli<PublicDomainKeys>('fingerprint');
  const credential = await forest.credential(alice!, password, 1, key);
  tenant.publish(forest.item(alice!, forest.account(alice!), credential));
  const env = { KRB5_CONFIG: layout.krb5Conf, KRB5CCNAME: 'MEMORY:' };
  const login = ['-U', `alice@${REALM}%${password}`, '--use-kerberos=required'];
  const dump = async () => {
    const ask = ['ads', 'kerberos', 'pac', 'dump', 'type=1', '-s', layout.smbConf, '-S', ADDRESS, ...login];
    const { code, output, errors } = await runClient('net', ask, env, '');
    return code === 0 ? output : `ended with ${code}: ${errors}${output}`;
  };
  const rids = [await sidOf('Staff'), await sidOf('Project')].map(sid => Number(sid.split('-').at(-1)));
  const isNamed = (ticket: string) =>
    rids.map(rid => new RegExp(`rid\\s*: 0x0*${rid.toString(16)} `).test(ticket));
  let ticket = '';
  await eventually('a ticket with both', async () => {
    ticket = await dump();
    return isNamed(ticket).every(Boolean);
  }).catch(error => {
    throw new Error(ticket, { cause: error });
  });
  sayMembers(staff!, bob!.anchor);
  await hasMembers('Staff', 'bob');
  assert.deepEqual(isNamed(await dump()), [false, false]);
  sayMembers(staff!, alice!.anchor, bob!.anchor);
  await hasMembers('Staff', 'alice', 'bob');
});

test('a removed member leaves the group, and the next comparison removes one added by hand', async () => {
  sayMembers(staff!, bob!.anchor);
  await hasMembers('Staff', 'bob');
  assert.ok(!(await tokenGroups('alice')).includes(await sidOf('Staff')));
  const change = (operation: 'add' | 'delete', name: string) =>
    ldap.modify(`CN=Staff,${USERS}`, [{ operation, attribute: 'member', values: [`CN=${name},${USERS}`] }]);
  await change('add', 'alice');
  await change('delete', 'bob');
  await service.stop();
  await service.start();
  await hasMembers('Staff', 'bob');
});

/** Names with this beginning. */
async function named(beginning: string): Promise<string[]> {
  const filter = `(&(objectClass=group)(sAMAccountName=${beginning}*))`;
  const found = await ldap.search(USERS, { filter, attributes: ['sAMAccountName'] });
  return found.map(entry => textOf(entry, 'sAMAccountName')!).sort();
}

test('a name in use stays with its user or group: a newcomer takes digits, and the name once it is free', async () => {
  staffOfOthers = forest.group('staff');
  sayGroup(staffOfOthers);
  await eventually('it has digits', async () =>
    (await named('staff')).some(one => /^staff[0-9a-f]{5}$/.test(one)),
  );
  sayGroup(project!, { sAMAccountName: 'alice' });
  await eventually('Project has digits', async () =>
    /^alice[0-9a-f]{5}$/.test((await named('alice')).join()),
  );
  sayGroup(project!, { sAMAccountName: 'Project 2' });
  await hasMembers('Project 2', 'Staff');
});

test('a deleted group comes back with its SID, and with members only from newer slices', async () => {
  const sid = await sidOf('Staff');
  sayGroup(staff!, { deleted: true });
  // The other group waited for the name.
  await eventually('its name is taken', async () => (await named('staff')).join() === 'staff');
  assert.notEqual(await sidOf('Staff'), sid);
  assert.deepEqual(await members('Project 2'), []);
  sayGroup(staff!, { sAMAccountName: 'Staff again' });
  await eventually('it is back', () => find('Staff again'));
  assert.equal(await sidOf('Staff again'), sid);
  assert.deepEqual(await members('Staff again'), []);
  sayMembers(staff!, bob!.anchor);
  sayMembers(project!, staff!.anchor);
  await hasMembers('Staff again', 'bob');
  await hasMembers('Project 2', 'Staff again');
  const back = (await find('Staff again'))!;
  assert.equal(textOf(back, 'groupType'), UNIVERSAL.security);
  assert.equal(textOf(back, 'displayName'), 'Group Staff');
});

test('a deleted user leaves every group, and re-joins one only by a newer record', async () => {
  tenant.publish(forest.item(bob!, forest.account(bob!, { deleted: true, enabled: false }), null));
  await hasMembers('Staff again');
  tenant.publish(forest.item(bob!, forest.account(bob!), null));
  await eventually('bob is back', () => find('bob'));
  sayMembers(project!, staff!.anchor, alice!.anchor);
  await hasMembers('Project 2', 'Staff again', 'alice');
  assert.deepEqual(await members('Staff again'), []);
  sayMembers(staff!, bob!.anchor);
  await hasMembers('Staff again', 'bob');
  assert.equal((await status()).trouble, null);
});
