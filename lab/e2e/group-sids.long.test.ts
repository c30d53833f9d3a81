import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { OnPremisesSids, DomainUserStatus as UserStatus } from '@causeway/contract';
import { ForestPeer, type Group, nameWithDigits, type Person } from '@causeway/domain-services/testing';
import { bytesOf, decodeSid, type LdapConnection } from '@causeway/ldap';
import type { GroupFields } from '@causeway/records';
import { TenantPeer } from '../peers/tenant-peer.ts';
import { DomainPlace } from '../places/domain-place.ts';

// On-premises SIDs of security groups in the managed domain, by the same rules as for people, and names that people and groups both want.
// e2e/sids.test.ts covers people alone.

const service = new DomainPlace(27);
const { base: BASE, state, cli } = service;
const USERS = `OU=AADDC Users,${BASE}`;
const SHADOWS = `OU=On-premises SIDs,${BASE}`;

const eventually = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) =>
  service.eventually(what, look, 60_000);

let tenant: TenantPeer;
let forest: ForestPeer;
let other: ForestPeer;
let ldap: LdapConnection;
/** Of the managed domain. */
let ownSid: string;
let alice: Person;
let [staff, project]: Group[] = [];

before(async () => {
  tenant = await TenantPeer.start();
  forest = new ForestPeer(tenant.tenantId, 'corp.example.com');
  other = new ForestPeer(tenant.tenantId, 'fabrikam.example.org');
  tenant.offer('connect', forest.publicKey);
  tenant.offer('other connect', other.publicKey);
  await service.create(tenant.url);
  await service.start();
  for (const one of [forest, other])
    await cli('trust-agent', one.publicKey.fingerprint, '--forest', one.forest);
  ldap = await service.openLdap();
  const [domain] = await ldap.search(BASE, { scope: 'base', attributes: ['objectSid'] });
  ownSid = decodeSid(bytesOf(domain!, 'objectSid')!);
  alice = forest.person('alice');
  [staff, project] = ['Staff', 'Project'].map(name => forest.group(name)) as [Group, Group];
});

after(async () => {
  await ldap?.close();
  await service.end();
  await tenant?.close();
});

const say = (group: Group, changes: Partial<GroupFields> = {}, by = forest) =>
  tenant.publishGroups(by.groupItem(group, by.groupRecord(group, changes)));
const sayMembers = (group: Group, ...references: string[]) =>
  tenant.publishGroups(...forest.slices(group, references).map(slice => forest.groupItem(group, slice)));
const come = (person: Person) => tenant.publish(forest.item(person, forest.account(person), null));
const withSid = (name: string, sid: string, by = forest): Group => ({ ...by.group(name), sid });

const find = async (filter: string, attributes: string[], base = BASE) =>
  (await ldap.search(base, { filter, attributes }))[0];
const accountOf = (name: string, attributes: string[]) => find(`(sAMAccountName=${name})`, attributes, USERS);
/** Distinguished names of the members of the SID's group; undefined without such a group. */
async function membersOf(sid: string): Promise<string[] | undefined> {
  const found = await find(`(sAMAccountName=${sid})`, ['member'], SHADOWS);
  return found && (found.attributes.member ?? []).map(String);
}
/** What the object has here: the group with the object as its one member, and sIDHistory. */
async function has({
  name,
  sid,
}: {
  name: string;
  sid: string | null;
}): Promise<'both' | 'nothing' | string> {
  const account = await accountOf(name, ['sIDHistory']);
  const value = account && bytesOf(account, 'sIDHistory');
  const members = await membersOf(sid!);
  const found = [members?.join() === `CN=${name},${USERS}`, value && decodeSid(value) === sid];
  if (found.every(Boolean)) return 'both';
  return members === undefined && value === undefined ? 'nothing' : JSON.stringify([members, value]);
}
const comes = async (what: 'both' | 'nothing', ...objects: { name: string; sid: string | null }[]) => {
  for (const one of objects) {
    let seen = '';
    await eventually(`${what} for ${one.name}`, async () => {
      seen = await has(one);
      return seen === what;
    }).catch(error => assert.fail(`${String(error)}: ${seen}`));
  }
};
const isThere = (name: string) =>
  eventually(`${name} is there`, async () => (await accountOf(name, ['cn'])) !== undefined);
async function tokenOf(name: string): Promise<string[]> {
  const options = { scope: 'base', attributes: ['tokenGroups'] } as const;
  const [found] = await ldap.search(`CN=${name},${USERS}`, options);
  return (found!.attributes.tokenGroups ?? []).map(value => decodeSid(value as Uint8Array));
}
const tokenHas = (name: string, wanted: boolean, ...sids: (string | null)[]) =>
  eventually(`${name} with${wanted ? '' : 'out'} ${sids}`, async () => {
    const token = await tokenOf(name);
    return sids.every(sid => token.includes(sid!) === wanted);
  });
const sids = () => cli<OnPremisesSids>('sids', 'list');
async function set(onPremisesSids: 'all' | 'groups' | 'none'): Promise<void> {
  const configuration = join(state, 'configuration.json');
  const saved = JSON.parse(readFileSync(configuration, 'utf8')) as object;
  writeFileSync(configuration, JSON.stringify({ ...saved, onPremisesSids }), { mode: 0o600 });
  await service.stop();
  await service.start();
}

test('groups have no SIDs until an administrator confirms whose the domain is', async () => {
  come(alice);
  say(staff!);
  say(project!);
  sayMembers(staff!, alice.anchor);
  sayMembers(project!, staff!.anchor);
  await eventually('they wait', async () => (await sids()).groups!.waiting === 2);
  for (const name of ['Staff', 'Project', 'alice']) await isThere(name);
  assert.deepEqual([await has(staff!), await has(project!)], ['nothing', 'nothing']);
  await cli('sids', 'confirm', forest.domainSid, '--forest', forest.forest);
  await comes('both', alice, staff!, project!);
  const { written, groups, domains } = await sids();
  assert.deepEqual([written, groups], [1, { written: 2, waiting: 0 }]);
  assert.deepEqual(
    domains.map(one => [one.people, one.groups]),
    [[1, 2]],
  );
});

test('a member’s token has the group’s on-premises SID, also a nested one’s, until they leave', async () => {
  await tokenHas('alice', true, alice.sid, staff!.sid, project!.sid);
  sayMembers(project!);
  await tokenHas('alice', false, project!.sid);
  await tokenHas('alice', true, staff!.sid);
  sayMembers(project!, staff!.anchor);
  await tokenHas('alice', true, project!.sid);
});

test('a group loses its SID without the security bit, and gets it back with the bit', async () => {
  say(staff!, { securityEnabled: false });
  await comes('nothing', staff!);
  await tokenHas('alice', false, staff!.sid, project!.sid);
  say(staff!);
  await comes('both', staff!);
  await tokenHas('alice', true, staff!.sid, project!.sid);
});

test('a changed SID gets another shadow group, and the old one is deleted', async () => {
  const before = staff!.sid;
  staff = { ...staff!, sid: `${forest.domainSid}-1990` };
  say(staff);
  await comes('both', staff);
  assert.equal(await membersOf(before), undefined);
});

test('onPremisesSids: groups gives SIDs to groups and not to people', async () => {
  await set('groups');
  await comes('nothing', alice);
  await comes('both', staff!, project!);
  const bob = forest.person('bob');
  come(bob);
  await isThere('bob');
  await tokenHas('alice', true, staff!.sid, project!.sid);
  await set('none');
  await comes('nothing', alice, bob, staff!, project!);
  await set('all');
  await comes('both', alice, bob, staff!, project!);
});

test('a renamed group stays the one member, and a change by hand is undone', async () => {
  say(project!, { sAMAccountName: 'Projects' });
  const renamed = { ...project!, name: 'Projects' };
  await comes('both', renamed);
  const dn = `CN=${project!.sid},${SHADOWS}`;
  await ldap.modify(dn, [{ operation: 'replace', attribute: 'member', values: [`CN=bob,${USERS}`] }]);
  await ldap.modify(`CN=Projects,${USERS}`, [{ operation: 'replace', attribute: 'sIDHistory', values: [] }]);
  await service.stop();
  await service.start();
  await comes('both', renamed);
  project = renamed;
});

test('a deleted group loses its SID, and gets it back when restored', async () => {
  say(project!, { deleted: true });
  await eventually('it is gone', async () => (await membersOf(project!.sid)) === undefined);
  await eventually('the group, too', async () => (await accountOf('Projects', ['cn'])) === undefined);
  say(project!);
  await comes('both', project!);
});

test('a hostile forest cannot give a group a SID that is built in, privileged, of this domain, a machine or another forest', async () => {
  const machine = 'S-1-5-21-77-88-99';
  await cli('sids', 'confirm', other.domainSid, '--forest', other.forest);
  const tries: [name: string, sid: string, code: string[]][] = [
    ['try-builtin', 'S-1-5-32-544', ['protected-sid']],
    ['try-system', 'S-1-5-18', ['protected-sid']],
    ['try-admins', `${forest.domainSid}-512`, ['protected-sid']],
    ['try-own', `${ownSid}-512`, ['protected-sid']],
    ['try-ours', `${ownSid}-1103`, ['protected-sid']],
    ['try-foreign', `${other.domainSid}-1201`, ['other-forest-sid']],
    ['try-machine', `${machine}-1000`, []],
  ];
  const groups = tries.map(([name, sid]) => withSid(name, sid));
  for (const group of groups) say(group);
  // A group that comes after them has its SID, so the keeper has run.
  const last = forest.group('Last');
  say(last);
  await comes('both', last);
  const { problems } = await cli<{ problems: { latest: UserStatus['problems'] } }>('status');
  for (const [n, [name, sid, code]] of tries.entries()) {
    const told = problems.latest.filter(({ anchor }) => anchor === groups[n]!.anchor);
    assert.deepEqual(
      told.map(one => one.code),
      code,
      name,
    );
    assert.equal(await membersOf(sid), undefined, name);
    assert.equal((await accountOf(name, ['sIDHistory']))!.attributes.sIDHistory, undefined, name);
  }
});

test('a RID of this domain’s administrators makes nobody an administrator', async () => {
  const group = await find('(sAMAccountName=AAD DC Administrators)', ['objectSid']);
  const rid = decodeSid(bytesOf(group!, 'objectSid')!).split('-').at(-1)!;
  const mallory = withSid('Mallory', `${forest.domainSid}-${rid}`);
  say(mallory);
  sayMembers(mallory, alice.anchor);
  await comes('both', mallory);
  await tokenHas('alice', true, mallory.sid);
  assert.ok(!(await tokenOf('alice')).includes(`${ownSid}-${rid}`));
});

test('of a user and a group with one SID the first keeps it', async () => {
  const twin = withSid('Twin', alice.sid!);
  say(twin);
  await isThere('Twin');
  const after = forest.group('After');
  say(after);
  await comes('both', alice, after);
  assert.deepEqual(await membersOf(alice.sid!), [`CN=alice,${USERS}`]);
});

test('a user who wants a group’s name has digits until the group gives up the name', async () => {
  const held = forest.group('sales');
  say(held);
  await isThere('sales');
  const person = forest.person('Sales');
  come(person);
  const digits = nameWithDigits('Sales', person.anchor);
  await isThere(digits);
  const { problems } = await cli<UserStatus>('status', person.anchor);
  assert.deepEqual(
    problems.map(({ kind, code }) => [kind, code]),
    [['name', 'name-taken']],
  );
  say(held, { sAMAccountName: 'sellers' });
  const since = Date.now();
  await eventually('the name', async () => {
    const found = await accountOf('Sales', ['objectClass']);
    return found?.attributes.objectClass?.map(String).includes('user');
  });
  const seconds = (Date.now() - since) / 1000;
  assert.ok(seconds < 30, `at once expected, and not with the feed's next answer: ${seconds} s`);
  await comes('both', { ...person, name: 'Sales' });
});
