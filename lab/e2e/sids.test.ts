import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { OnPremisesSids, DomainUserStatus as UserStatus } from '@causeway/contract';
import type { PublicDomainKeys } from '@causeway/domain-services';
import { ForestPeer, type Person } from '@causeway/domain-services/testing';
import { bytesOf, decodeSid, encodeSid, type LdapConnection, textOf } from '@causeway/ldap';
import { CLOUD_FOREST, type PublicKeyInfo } from '@causeway/records';
import { runTool } from '@causeway/samba';
import { runClient } from '../domains/run-client.ts';
import { TenantPeer } from '../peers/tenant-peer.ts';
import { DomainPlace } from '../places/domain-place.ts';
import { runCli } from '../places/run-cli.ts';

// Whose on-premises SID is in the managed domain, as a group and in sIDHistory: what an administrator confirms, what a hostile forest
// tries, and which other objects have the SID already. e2e/member.test.ts shows what the SIDs give access to.

const service = new DomainPlace(25);
const { netbios: NETBIOS, address: ADDRESS, base: BASE, folder, state, layout, cli } = service;
const USERS = `OU=AADDC Users,${BASE}`;
const SHADOWS = `OU=On-premises SIDs,${BASE}`;
const FOREST = 'corp.example.com';
/** The primary group of a user in the managed domain. */
const TAKEN_RID = 70_001;

const eventually = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) =>
  service.eventually(what, look, 60_000);

let tenant: TenantPeer;
let forest: ForestPeer;
let other: ForestPeer;
let key: PublicKeyInfo;
let ldap: LdapConnection;
/** Of the managed domain. */
let ownSid: string;

before(async () => {
  tenant = await TenantPeer.start();
  forest = new ForestPeer(tenant.tenantId, FOREST);
  other = new ForestPeer(tenant.tenantId, 'fabrikam.example.org');
  tenant.offer('connect', forest.publicKey);
  tenant.offer('other connect', other.publicKey);
  tenant.ownKey = new ForestPeer(tenant.tenantId, CLOUD_FOREST).publicKey;
  await service.create(tenant.url);
  ({ key } = await cli<PublicDomainKeys>('fingerprint'));
  await service.start();
  for (const one of [forest, other])
    await cli('trust-agent', one.publicKey.fingerprint, '--forest', one.forest);
  ldap = await service.openLdap();
  const [domain] = await ldap.search(BASE, { scope: 'base', attributes: ['objectSid'] });
  ownSid = decodeSid(bytesOf(domain!, 'objectSid')!);
});

after(async () => {
  await ldap?.close();
  await service.end();
  await tenant?.close();
});

/** Publishes a person with this SID, perhaps again. */
async function come(person: Person, changes: { deleted?: boolean } = {}, by = forest): Promise<void> {
  const from = tenant.reports.length;
  tenant.publish(by.item(person, by.account(person, changes), null));
  await eventually(`the report on ${person.name}`, () =>
    tenant.reports
      .slice(from)
      .some(({ sourceAnchor, kind }) => sourceAnchor === person.anchor && kind === 'account'),
  );
}
const withSid = (name: string, sid: string, by = forest): Person => ({ ...by.person(name), sid });

const find = async (filter: string, attributes: string[], base = BASE) =>
  (await ldap.search(base, { filter, attributes }))[0];
const accountOf = ({ name }: Person, attributes: string[]) =>
  find(`(sAMAccountName=${name})`, attributes, USERS);
async function history(person: Person): Promise<string | undefined> {
  const value = bytesOf((await accountOf(person, ['sIDHistory']))!, 'sIDHistory');
  return value && decodeSid(value);
}
/** Distinguished names of the members of the SID's group; undefined without such a group. */
async function membersOf(sid: string): Promise<string[] | undefined> {
  const found = await find(`(sAMAccountName=${sid})`, ['member'], SHADOWS);
  return found && (found.attributes.member ?? []).map(String);
}
/** What the person has here: the group with the person as its one member, and sIDHistory. */
async function has(person: Person): Promise<'both' | 'nothing' | string> {
  const members = await membersOf(person.sid!);
  const isMember = members?.length === 1 && members[0] === `CN=${person.name},${USERS}`;
  const found = [isMember, (await history(person)) === person.sid];
  if (found.every(Boolean)) return 'both';
  return members === undefined && (await history(person)) === undefined ? 'nothing' : JSON.stringify(found);
}
const comes = (what: 'both' | 'nothing', person: Person) =>
  eventually(`${what} for ${person.name}`, async () => (await has(person)) === what);
const problems = async ({ anchor }: Person) =>
  (await cli<UserStatus>('status', anchor)).problems.map(({ code }) => code);
const sids = () => cli<OnPremisesSids>('sids', 'list');
const confirm = (sid: string, by = forest) => cli('sids', 'confirm', sid, '--forest', by.forest);
const inDatabase = (ldif: string) =>
  runTool('ldbmodify', ['-H', layout.samLdb, `--configfile=${layout.smbConf}`, '--relax'], { input: ldif });
async function restart(): Promise<void> {
  await service.stop();
  await service.start();
}

let alice: Person;
let aliceFromBefore: Person;

test('a user of an unconfirmed domain has no SID, and no problem either', async () => {
  alice = forest.person('alice');
  aliceFromBefore = forest.person('before');
  await come(alice);
  await come(aliceFromBefore);
  assert.deepEqual([await has(alice), await problems(alice)], ['nothing', []]);
  const { written, waiting, domains } = await sids();
  assert.deepEqual([written, waiting], [0, 2]);
  assert.deepEqual(
    domains.map(({ sid, forest: whose, confirmedAt, declinedAt }) => [sid, whose, confirmedAt, declinedAt]),
    [[forest.domainSid, FOREST, null, null]],
  );
});

test('an older value of sIDHistory stays through starts and changes, until an administrator decides', async () => {
  const dn = `CN=before,${USERS}`;
  const value = [encodeSid(aliceFromBefore.sid!)];
  await ldap.modify(dn, [{ operation: 'replace', attribute: 'sIDHistory', values: value }]);
  await restart();
  await come(aliceFromBefore);
  await come(alice);
  assert.equal(await history(aliceFromBefore), aliceFromBefore.sid);
  await cli('sids', 'unconfirm', forest.domainSid);
  await eventually('it is gone', async () => (await history(aliceFromBefore)) === undefined);
  const shown = (await runCli(['domain', 'sids', '--state', state])).stdout;
  assert.doesNotMatch(shown, /NO: causeway/);
});

test('after the confirmation all users get both, and later ones are created with both', async () => {
  await confirm(forest.domainSid);
  for (const person of [alice, aliceFromBefore]) await comes('both', person);
  const bob = forest.person('bob');
  await come(bob);
  await comes('both', bob);
  const made = await accountOf(bob, ['uSNCreated', 'uSNChanged']);
  assert.equal(textOf(made!, 'uSNChanged'), textOf(made!, 'uSNCreated'));
  await come(bob, { deleted: true });
  await eventually('the group is gone', async () => (await membersOf(bob.sid!)) === undefined);
});

test('onPremisesSids governs both, at any time', async () => {
  const configuration = join(state, 'configuration.json');
  const set = async (onPremisesSids: 'all' | 'none') => {
    const saved = JSON.parse(readFileSync(configuration, 'utf8')) as object;
    writeFileSync(configuration, JSON.stringify({ ...saved, onPremisesSids }), { mode: 0o600 });
    await restart();
  };
  await set('none');
  await comes('nothing', alice);
  const nina = forest.person('nina');
  await come(nina);
  await set('all');
  for (const person of [alice, nina]) await comes('both', person);
});

test('a changed SID gets another group, and the old one is deleted', async () => {
  const before = alice.sid!;
  alice = { ...alice, sid: `${forest.domainSid}-1990` };
  await come(alice);
  await comes('both', alice);
  assert.equal(await membersOf(before), undefined);
});

test('a hostile forest cannot give a user a SID that is built in, privileged, of this domain, a machine or another forest', async () => {
  const machine = 'S-1-5-21-77-88-99';
  await confirm(other.domainSid, other);
  const tries: [name: string, sid: string, code: string[]][] = [
    ['try.builtin', 'S-1-5-32-544', ['protected-sid']],
    ['try.system', 'S-1-5-18', ['protected-sid']],
    ['try.admins', `${forest.domainSid}-512`, ['protected-sid']],
    ['try.own', `${ownSid}-500`, ['protected-sid']],
    ['try.ours', `${ownSid}-1103`, ['protected-sid']],
    ['try.foreign', `${other.domainSid}-1201`, ['other-forest-sid']],
    ['try.machine', `${machine}-1000`, []],
  ];
  for (const [name, sid, code] of tries) {
    const person = withSid(name, sid);
    await come(person);
    assert.deepEqual([await history(person), await problems(person)], [undefined, code], name);
  }
  // A user who comes after them has theirs, so the keeper has run.
  const carol = forest.person('carol');
  await come(carol);
  await comes('both', carol);
  for (const [name, sid] of tries) assert.equal(await membersOf(sid), undefined, name);
  await assert.rejects(confirm(ownSid), /managed domain's own/);
  await assert.rejects(confirm(other.domainSid), /a domain has one forest/);
  const { domains } = await sids();
  const isAsked = ({ confirmedAt, declinedAt }: (typeof domains)[number]) =>
    confirmedAt === null && declinedAt == null;
  assert.deepEqual(
    domains.filter(isAsked).map(({ sid }) => sid),
    [machine],
  );
});

test('the SID moves once an administrator confirms that the domain is the other forest’s', async () => {
  const [theirs, ours] = [
    withSid('go.theirs', `${other.domainSid}-1301`, other),
    withSid('go.ours', `${other.domainSid}-1302`),
  ];
  await come(theirs, {}, other);
  await come(ours);
  await comes('both', theirs);
  assert.deepEqual([await has(ours), await problems(ours)], ['nothing', ['other-forest-sid']]);
  await cli('sids', 'unconfirm', other.domainSid);
  await comes('nothing', theirs);
  await confirm(other.domainSid, forest);
  await comes('both', ours);
  await eventually('the problems go over, too', async () => {
    const [a, b] = [await problems(theirs), await problems(ours)];
    return a[0] === 'other-forest-sid' && b.length === 0;
  });
});

test('a RID of this domain’s administrators makes nobody an administrator, in SAMR’s list or in a ticket', async () => {
  const group = await find('(sAMAccountName=AAD DC Administrators)', ['objectSid']);
  const rid = decodeSid(bytesOf(group!, 'objectSid')!).split('-').at(-1)!;
  const mallory = withSid('rid.mallory', `${forest.domainSid}-${rid}`);
  const password = 'Mallory.Passw0rd.1';
  await come(mallory);
  tenant.publish(
    forest.item(mallory, forest.account(mallory), await forest.credential(mallory, password, 1, key)),
  );
  await comes('both', mallory);
  const own = decodeSid(bytesOf((await accountOf(mallory, ['objectSid']))!, 'objectSid')!)
    .split('-')
    .at(-1);
  const output = await eventually('rpcclient signs in', async () => {
    const login = ['--use-kerberos=off', '-U', `${NETBIOS}/${mallory.name}%${password}`];
    const ask = ['-s', layout.smbConf, ...login, ADDRESS, '-c', `queryusergroups ${own}`];
    const { code, output } = await runClient('rpcclient', ask, {}, '');
    return code === 0 && output;
  });
  assert.match(output, /rid:\[0x201\]/);
  assert.ok(!output.includes(`[0x${Number(rid).toString(16)}]`), output);
  const { attributes } = (
    await ldap.search(`CN=${mallory.name},${USERS}`, { scope: 'base', attributes: ['tokenGroups'] })
  )[0]!;
  const token = (attributes.tokenGroups ?? []).map(value => decodeSid(value as Uint8Array));
  assert.ok(token.includes(mallory.sid!), token.join(' '));
  assert.ok(!token.includes(`${ownSid}-${rid}`), token.join(' '));
});

test('a foreign security principal with the SID does not count as another holder', async () => {
  const fred = withSid('fred', `${forest.domainSid}-60001`);
  const group = `CN=lifted,CN=Users,${BASE}`;
  await ldap.add(group, { objectClass: ['group'], sAMAccountName: ['lifted'], groupType: ['-2147483644'] });
  await ldap.modify(group, [{ operation: 'add', attribute: 'member', values: [`<SID=${fred.sid}>`] }]);
  const principal = `CN=${fred.sid},CN=ForeignSecurityPrincipals,${BASE}`;
  const isThere = async () =>
    (await find(`(&(objectClass=foreignSecurityPrincipal)(cn=${fred.sid}))`, ['cn']))?.dn;
  assert.equal(await isThere(), principal);
  await come(fred);
  await comes('both', fred);
  await restart();
  assert.deepEqual([await has(fred), await problems(fred), await isThere()], ['both', [], principal]);
  await come(fred, { deleted: true });
  await eventually('the group is gone', async () => (await membersOf(fred.sid!)) === undefined);
  assert.equal(await isThere(), principal);
});

test('another object with the SID is reported, and never written', async () => {
  const greta = withSid('greta', `${forest.domainSid}-60002`);
  const dn = `CN=squatter,CN=Users,${BASE}`;
  await inDatabase(
    `dn: ${dn}\nchangetype: add\nobjectClass: group\nsAMAccountName: squatter\nobjectSid: ${greta.sid}\n`,
  );
  const squatter = async () => {
    const found = await find('(sAMAccountName=squatter)', ['member', 'uSNChanged', 'objectSid']);
    return [found?.dn, textOf(found!, 'member'), textOf(found!, 'uSNChanged')];
  };
  const before = await squatter();
  await come(greta);
  await eventually('it is told', async () => (await problems(greta)).includes('sid-not-written'));
  const { problems: told } = await cli<UserStatus>('status', greta.anchor);
  assert.match(told[0]!.reason, /another object of this domain has the SID .*CN=squatter/);
  await come(greta, { deleted: true });
  await restart();
  assert.deepEqual(await squatter(), before);
  assert.equal(await membersOf(greta.sid!), undefined);
});

test('a user whose primary group has the RID holds up the deletion, and nothing else', async () => {
  const holdup = withSid('holdup', `${forest.domainSid}-${TAKEN_RID}`);
  await come(holdup);
  await comes('both', holdup);
  const [group, user] = [`CN=primary,CN=Users,${BASE}`, `CN=holder,CN=Users,${BASE}`];
  await inDatabase(
    `dn: ${group}\nchangetype: add\nobjectClass: group\nsAMAccountName: primary\nobjectSid: ${ownSid}-${TAKEN_RID}\n`,
  );
  await ldap.add(user, { objectClass: ['user'], sAMAccountName: ['holder'], userAccountControl: ['514'] });
  await ldap.modify(group, [{ operation: 'add', attribute: 'member', values: [user] }]);
  const primary = (rid: number) =>
    ldap.modify(user, [{ operation: 'replace', attribute: 'primaryGroupID', values: [String(rid)] }]);
  await primary(TAKEN_RID);
  const moved = { ...holdup, sid: `${forest.domainSid}-70002` };
  await come(moved);
  await comes('both', moved);
  assert.deepEqual(await membersOf(holdup.sid!), []);
  assert.match(
    readFileSync(join(folder, 'domain.log'), 'utf8'),
    /cannot delete the empty group of an on-premises SID yet/,
  );
  await primary(513);
  await restart();
  await eventually('it is deleted', async () => (await membersOf(holdup.sid!)) === undefined);
  assert.equal(await has(moved), 'both');
});
