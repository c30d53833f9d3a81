import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { GroupStatus } from '@causeway/contract';
import { domainLayout, runTool } from '@causeway/samba';
import { eventually, NotYet } from '@causeway/service/testing';
import {
  addMembers,
  createGroup,
  type NewGroup,
  readSid,
  removeMembers,
  sambaToolGroup,
  setGroupType,
  setPrimaryGroup,
} from '../domains/groups.ts';
import { type Credentials, MemberServer, type Protocol } from '../domains/member-server.ts';
import { reanimateUser } from '../domains/restore.ts';
import {
  administratorPassword,
  DOMAINS,
  describeDomain,
  domainDirectory,
  type LabDomain,
  labForests,
  randomPassword,
} from '../domains/table.ts';
import { createUser, deleteUser, renameUser } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { changeOnPage } from '../places/password-page.ts';
import { runCliJson } from '../places/run-cli.ts';

// A file server moved into the managed domain has files that only an on-premises group may read. They open for the group's on-premises
// members and for nobody else: nested, by primary group, from another forest, by Kerberos and by NTLM.

const stage = await freshStage({ dns: 'internal', headIntervalMs: 1_000, forests: labForests });
const { onprem, fabrikam, managed } = DOMAINS;
const PROTOCOLS: readonly Protocol[] = ['Kerberos', 'NTLM'];
const server = new MemberServer(managed);
const administrator = { user: 'Administrator', password: '' };
const tag = randomBytes(2).toString('hex');
const named = (name: string): string => `${name}.${tag}`;
const made: [LabDomain, string][] = [];

async function hire(forest: LabDomain, name: string): Promise<Credentials> {
  const [user, password] = [named(name), randomPassword()];
  await createUser(forest, { sam: user, password });
  made.push([forest, user]);
  return { user, password };
}

/** A group, and a file with its name that it alone may read. @returns its on-premises SID */
async function group(name: string, more: Omit<NewGroup, 'sam'> = {}, forest: LabDomain = onprem) {
  const sam = named(name);
  await createGroup(forest, { sam, ...more });
  made.push([forest, sam]);
  const sid = await readSid(forest, sam);
  await server.share(`${name}.txt`, `for ${name}`, [sid], administrator);
  return { sam, sid };
}

const opens = async (file: string, who: Credentials): Promise<boolean[]> => {
  const found: boolean[] = [];
  for (const by of PROTOCOLS) found.push((await server.read(`${file}.txt`, who, by)) !== undefined);
  return found;
};
const until = (file: string, who: Credentials, open: boolean) =>
  eventually(
    `${file} is ${open ? 'open' : 'closed'} for ${who.user}`,
    async () => {
      const found = await opens(file, who);
      return (
        found.every(one => one === open) || new NotYet(PROTOCOLS.map((p, i) => `${p}: ${found[i]}`).join())
      );
    },
    { patienceMs: 60_000, why: () => stage.readLog('domain').slice(-2_000) },
  );

/** `net ads kerberos pac dump`: the content of a user's new ticket. */
async function ticketOf({ user, password }: Credentials): Promise<string> {
  const { smbConf } = domainLayout(domainDirectory(managed));
  const login = ['-s', smbConf, '-U', user, '-S', `ds1.${managed.realm.toLowerCase()}`];
  const dump = ['ads', 'kerberos', 'pac', 'dump', `--option=realm=${managed.realm}`, ...login];
  const { code, output, errors } = await server.run('net', dump, '', { PASSWD: password });
  assert.equal(code, 0, errors);
  return output;
}
const names = (ticket: string, sid: string): boolean => new RegExp(`${sid}\\b`).test(ticket);
/** For the managed domain's own groups a ticket has the RID alone. */
const namesOwn = (ticket: string, sid: string): boolean => ticket.includes(`(${sid.split('-').at(-1)})`);

/** The SID that the managed domain gave to an object. */
async function managedSid(sam: string): Promise<string | undefined> {
  const { samLdb, smbConf } = domainLayout(domainDirectory(managed));
  const ask = [`(sAMAccountName=${sam})`, 'objectSid'];
  const found = await runTool('ldbsearch', ['-H', samLdb, `--configfile=${smbConf}`, ...ask]);
  return /^objectSid: (S-1-5-21-\S+)$/m.exec(found)?.[1];
}

async function confirmSids(forest: LabDomain, sid: string): Promise<void> {
  const domainSid = sid.slice(0, sid.lastIndexOf('-'));
  const confirm = ['domain', 'sids', 'confirm', domainSid, '--forest', describeDomain(forest).dnsDomain];
  await eventually('the domain of the SIDs is known', () =>
    runCliJson([...confirm, '--config', stage.configOf('domain')]).then(
      () => true,
      (error: Error) => new NotYet(error.message),
    ),
  );
}

let [alice, bob, pia, wanda, yuri]: Credentials[] = [];
let inner: { sam: string; sid: string };
let outer: { sam: string; sid: string };

before(async () => {
  await stage.openAll();
  administrator.password = administratorPassword(managed);
  [alice, bob, pia] = [await hire(onprem, 'alice'), await hire(onprem, 'bob'), await hire(onprem, 'pia')];
  [wanda, yuri] = [await hire(fabrikam, 'wanda'), await hire(fabrikam, 'yuri')];
  await server.open();
  await server.join(administrator);
  await server.start();
  await confirmSids(onprem, await readSid(onprem, alice.user));
  await confirmSids(fabrikam, await readSid(fabrikam, wanda.user));
});

after(async () => {
  server.close();
  for (const [forest, sam] of made) await deleteUser(forest, sam).catch(() => {});
  await stage.close();
});

test('a file of an on-premises group opens for members of a nested group, and for nobody else', async () => {
  outer = await group('outer');
  inner = await group('inner', { members: [alice!.user] });
  await addMembers(onprem, outer.sam, [inner.sam]);
  await until('outer', alice!, true);
  await until('inner', alice!, true);
  assert.deepEqual(await opens('outer', bob!), [false, false]);
});

test('the tenant shows what became of a group and its members in the managed domain', async () => {
  await eventually('the group is applied', async () => {
    const show = ['tenant', 'groups', 'list', '--search', outer.sam, ...stage.remote];
    const [{ managedDomain } = {}] = await runCliJson<GroupStatus[]>(show);
    const outcomes = [managedDomain?.group?.outcome, managedDomain?.members?.outcome];
    return outcomes.every(one => one === 'applied') || new NotYet(JSON.stringify(managedDomain));
  });
});

test('a ticket names the groups of the managed domain, also the nested one, and their on-premises SIDs', async () => {
  const own = [(await managedSid(inner.sam))!, (await managedSid(outer.sam))!];
  const ticket = await ticketOf(alice!);
  for (const { sid } of [inner, outer]) assert.ok(names(ticket, sid), `no ${sid} in ${ticket}`);
  for (const sid of own) assert.ok(namesOwn(ticket, sid), `no ${sid} in ${ticket}`);
  const other = await ticketOf(bob!);
  assert.deepEqual(
    [inner, outer].map(({ sid }) => names(other, sid)),
    [false, false],
  );
});

test('leaving the group on-premises counts from the next ticket and the next session', async () => {
  await sambaToolGroup(onprem, 'removemembers', inner.sam, alice!.user);
  await until('outer', alice!, false);
  const ticket = await ticketOf(alice!);
  for (const { sid } of [inner, outer]) assert.ok(!names(ticket, sid), `${sid} in ${ticket}`);
  await sambaToolGroup(onprem, 'addmembers', inner.sam, alice!.user);
  await until('outer', alice!, true);
});

test('a group that leaves another one takes its members along', async () => {
  await removeMembers(onprem, outer.sam, [inner.sam]);
  await until('outer', alice!, false);
  assert.deepEqual(await opens('inner', alice!), [true, true]);
  await addMembers(onprem, outer.sam, [inner.sam]);
  await until('outer', alice!, true);
});

test('renaming and moving groups changes no membership', async () => {
  const own = await managedSid(inner.sam);
  const container = describeDomain(onprem).baseDn;
  const renamed = named('renamed');
  await renameUser(onprem, inner.sam, { sam: renamed, cn: renamed, container });
  made.push([onprem, renamed]);
  await eventually('it is renamed', async () => (await managedSid(renamed)) === own);
  inner = { ...inner, sam: renamed };
  assert.deepEqual(await opens('outer', alice!), [true, true]);
});

test('a distribution group gives no access, and neither does a group that it is in', async () => {
  const mail = `${named('list')}@${describeDomain(onprem).dnsDomain}`; // without a mail address it is out of scope
  const list = await group('list', { category: 'distribution', mail, members: [alice!.user] });
  const behind = await group('behind', { members: [list.sam, bob!.user] });
  await until('behind', bob!, true); // everything has arrived
  await eventually('the list has come', () => managedSid(list.sam));
  for (const file of ['list', 'behind']) assert.deepEqual(await opens(file, alice!), [false, false]);
  const ticket = await ticketOf(alice!);
  for (const { sid } of [list, behind]) assert.ok(!names(ticket, sid), `${sid} in ${ticket}`);
  await setGroupType(onprem, list.sam, 'global', 'security');
  await until('list', alice!, true);
  await until('behind', alice!, true);
  await setGroupType(onprem, list.sam, 'global', 'distribution');
  await until('list', alice!, false);
  await until('behind', alice!, false);
});

test('a member by primary group is a member like any other', async () => {
  const staff = await group('staff', { members: [pia!.user] });
  await until('staff', pia!, true);
  await setPrimaryGroup(onprem, pia!.user, staff.sam); // the domain controller takes her out of `member`
  await addMembers(onprem, staff.sam, [bob!.user]);
  await until('staff', bob!, true); // the change after it has arrived
  assert.deepEqual(await opens('staff', pia!), [true, true]);
  await setPrimaryGroup(onprem, pia!.user, 'Domain Users');
  await removeMembers(onprem, staff.sam, [pia!.user]);
  await until('staff', pia!, false);
});

test('users and groups of the other forest are members by their SIDs', async () => {
  const theirs = await group('theirs', { members: [yuri!.user] }, fabrikam);
  const both = await group('both', {
    scope: 'domain-local',
    members: [await readSid(fabrikam, wanda!.user), theirs.sid],
  });
  await until('both', wanda!, true);
  await until('both', yuri!, true);
  assert.deepEqual(await opens('theirs', wanda!), [false, false]);
  const principal = `CN=${theirs.sid},CN=ForeignSecurityPrincipals,${describeDomain(onprem).baseDn}`;
  await removeMembers(onprem, both.sam, [principal]);
  await until('both', yuri!, false);
  assert.deepEqual(await opens('both', wanda!), [true, true]);
});

test('a cloud-only group opens files for its members of both kinds, and for nobody else', async () => {
  const tenant = (...args: string[]) => runCliJson(['tenant', ...args, ...stage.remote]);
  const [name, cleo] = [named('partners'), { user: named('cleo'), password: randomPassword() }];
  const atTenant = {
    cleo: `${cleo.user}@contoso.example`,
    alice: `${alice!.user}@${describeDomain(onprem).dnsDomain}`,
  };
  const { temporaryPassword } = await tenant('user', 'create', atTenant.cleo);
  const page = await changeOnPage(stage, atTenant.cleo, String(temporaryPassword), cleo.password);
  assert.match(page, /good from now on/);
  await tenant('groups', 'create', name);
  for (const who of Object.values(atTenant)) await tenant('groups', 'add', name, who);
  await eventually('the group has come', () => managedSid(name));
  await server.share('partners.txt', 'for partners', [(await managedSid(name))!], administrator);
  await until('partners', alice!, true);
  await until('partners', cleo, true);
  assert.deepEqual(await opens('partners', bob!), [false, false]);
  const members = async () => (await sambaToolGroup(managed, 'listmembers', name)).trim().split('\n').sort();
  assert.deepEqual(await members(), [alice!.user, cleo.user]);
  await tenant('groups', 'remove', name, atTenant.alice);
  await until('partners', alice!, false);
  assert.deepEqual([await members(), await opens('partners', cleo)], [[cleo.user], [true, true]]);
  await tenant('groups', 'delete', name);
  await eventually('the group is gone', async () => (await managedSid(name)) === undefined);
});

test('deleting a group closes its file, and a restored group has its SID and only members that the forest names', async () => {
  const doomed = await group('doomed', { members: [alice!.user] });
  await until('doomed', alice!, true);
  const own = await managedSid(doomed.sam);
  await deleteUser(onprem, doomed.sam);
  await until('doomed', alice!, false);
  await reanimateUser(onprem, doomed.sam);
  await addMembers(onprem, doomed.sam, [bob!.user]);
  await until('doomed', bob!, true);
  assert.equal(await managedSid(doomed.sam), own);
  assert.deepEqual(await opens('doomed', alice!), [false, false]);
});
