import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  createConnectorAccount,
  type ImportedObject,
  importObjects,
  type MemberListPart,
  readMemberLists,
  readMemberOf,
  readObjects,
} from '@causeway/active-directory';
import {
  bytesOf,
  decodeGuid,
  decodeSid,
  escapeRdn,
  type LdapConnection,
  openLdap,
  showDeleted,
} from '@causeway/ldap';
import { ridOf } from '@causeway/wire';
import { labUp } from '../domains/lifecycle.ts';
import { administratorPassword, DOMAINS, describeDomain } from '../domains/table.ts';

// Groups and their members, as a Samba domain controller shows them to the connector's account.

await labUp();
const lab = describeDomain(DOMAINS.onprem);
const namingContext = lab.baseDn;
const run = randomBytes(3).toString('hex');
const ou = `OU=Groups ${run},${namingContext}`;

const open = (bind: { dn: string; password: string }) =>
  openLdap({
    url: `ldaps://${lab.address}`,
    serverName: lab.host,
    caFile: lab.caFile,
    bind,
    timeoutMs: 20_000,
  });

let admin: LdapConnection;
let connector: LdapConnection;

before(async () => {
  admin = await open({
    dn: `${lab.administrator}@${lab.dnsDomain}`,
    password: administratorPassword(DOMAINS.onprem),
  });
  await admin.add(ou, { objectClass: 'organizationalUnit' });
  const account = await createConnectorAccount(admin, { namingContext, name: `cwg-${run}`, ou });
  connector = await open({ dn: account.userPrincipalName, password: account.password! });
});

after(async () => {
  await connector?.close();
  if (admin?.usable) {
    const found = await admin.search(ou, { scope: 'one', attributes: ['objectClass'] });
    for (const isGroup of [false, true]) // users first, because their primary group cannot be deleted before them
      for (const { dn, attributes } of found)
        if (attributes.objectClass!.includes('group') === isGroup) await admin.delete(dn);
    await admin.delete(ou);
  }
  await admin?.close();
});

const dnOf = (name: string) => `CN=${escapeRdn(name)},${ou}`;
const modify = (
  dn: string,
  operation: 'add' | 'delete' | 'replace',
  attribute: string,
  ...values: string[]
) => admin.modify(dn, [{ operation, attribute, values }]);

async function make(
  name: string,
  objectClass: 'user' | 'group',
  more: Record<string, string | string[]> = {},
) {
  const sAMAccountName = `${name.replaceAll(/\W/g, '')}${run}`;
  await admin.add(dnOf(name), { objectClass, sAMAccountName, ...more });
  const [found] = await admin.search(dnOf(name), { scope: 'base', attributes: ['objectGUID', 'objectSid'] });
  return {
    dn: dnOf(name),
    sAMAccountName,
    guid: decodeGuid(bytesOf(found!, 'objectGUID')!),
    sid: decodeSid(bytesOf(found!, 'objectSid')!),
  };
}

type Made = Awaited<ReturnType<typeof make>>;
const value = ({ guid, sid, dn }: Pick<Made, 'guid' | 'sid' | 'dn'>) => ({ guid, sid, dn });

async function importAll(cookie?: string) {
  const objects: ImportedObject[] = [];
  let next: string | undefined;
  let full: unknown;
  for await (const page of importObjects(connector, {
    namingContext,
    ...(cookie !== undefined && { cookie }),
  })) {
    objects.push(...page.objects);
    assert.deepEqual(page.unreadable, []);
    next = page.cookie;
    full = page.full;
  }
  const of = ({ guid }: Pick<Made, 'guid'>) => objects.find(o => o.objectGuid === guid);
  return { objects, cookie: next!, full, of };
}

/** The delta after an administrator's change. */
async function deltaOf(change: () => Promise<unknown>) {
  const { cookie } = await importAll();
  await change();
  const delta = await importAll(cookie);
  assert.equal(delta.full, null);
  return delta;
}

async function readWhole({ guid }: Made): Promise<ImportedObject[]> {
  const found: ImportedObject[] = [];
  for await (const { objects } of readObjects(connector, { namingContext, objectGuids: [guid] }))
    found.push(...objects);
  return found;
}

async function lists(asking: { objectGuids?: string[]; rangeSize?: number } = {}) {
  const parts: MemberListPart[] = [];
  for await (const part of readMemberLists(connector, { namingContext, ...asking })) parts.push(part);
  return parts;
}

async function listOf({ guid }: Made, rangeSize?: number) {
  const parts = await lists({ objectGuids: [guid], ...(rangeSize && { rangeSize }) });
  assert.deepEqual(
    parts.map(({ isLast }) => isLast),
    parts.map((_, n) => n === parts.length - 1),
  );
  return parts.flatMap(({ members }) => members);
}

const byGuid = (a: { guid: string | null }, b: { guid: string | null }) =>
  String(a.guid).localeCompare(String(b.guid));

/** All attributes except the parent: Samba sends it with every change, Windows only when it changed. */
function withoutPlace({
  parentGUID: _,
  ...attributes
}: ImportedObject['attributes']): ImportedObject['attributes'] {
  return attributes;
}

test('a full import brings groups beside users, and their lists are read by name', async () => {
  const jane = await make('Doe, Jane', 'user', { displayName: 'Jane' });
  const inner = await make('Inner', 'group', { member: [jane.dn], groupType: '-2147483640', mail: 'i@x' });
  const outer = await make('Outer; <1>', 'group', {
    member: [inner.dn, jane.dn],
    proxyAddresses: ['SMTP:o@x'],
  });
  const empty = await make('Empty', 'group', { groupType: '2' });
  const { of, full, objects } = await importAll();
  assert.equal(full, 'first-import');
  assert.deepEqual(withoutPlace(of(inner)!.attributes), {
    ...{ sAMAccountName: inner.sAMAccountName, objectSid: inner.sid, groupType: '-2147483640' },
    ...{ cn: 'Inner', mail: 'i@x' },
  });
  assert.deepEqual(of(inner)!.objectClass, ['top', 'group']);
  assert.deepEqual(
    [of(outer)!.attributes.cn, of(outer)!.attributes.proxyAddresses],
    ['Outer; <1>', ['SMTP:o@x']],
  );
  assert.equal(of(jane)!.attributes.primaryGroupID, '513');
  assert.ok(objects.every(o => o.memberChanges === undefined && o.problems.length === 0));
  const builtin = objects.find(o => o.attributes.objectSid === 'S-1-5-32-544')!;
  assert.equal(builtin.attributes.isCriticalSystemObject, 'TRUE');

  const all = await lists();
  const named = (group: Made) => all.filter(part => part.objectGuid === group.guid);
  assert.deepEqual(named(inner), [{ objectGuid: inner.guid, members: [value(jane)], isLast: true }]);
  assert.deepEqual(named(empty), [{ objectGuid: empty.guid, members: [], isLast: true }]);
  assert.deepEqual(named(outer)[0]!.members.sort(byGuid), [value(inner), value(jane)].sort(byGuid));
  const groups = objects.filter(o => !o.isDeleted && o.objectClass.includes('group')).map(o => o.objectGuid);
  assert.deepEqual(new Set(all.map(part => part.objectGuid)), new Set(groups));
});

test('a delta has added and removed members, also of nested groups, and nothing for a renamed or moved member', async () => {
  const [kim, lee] = [await make('Kim', 'user'), await make('Lee', 'user')];
  const team = await make('Team', 'group', { member: [kim.dn] });
  const loop = await make('Loop', 'group', { member: [team.dn] });
  const added = await deltaOf(async () => {
    await modify(team.dn, 'add', 'member', lee.dn, loop.dn);
    await modify(team.dn, 'delete', 'member', kim.dn);
    await modify(team.dn, 'replace', 'mail', 'team@x');
  });
  const { memberChanges, attributes, distinguishedName } = added.of(team)!;
  assert.equal(distinguishedName, team.dn);
  assert.deepEqual(attributes, { mail: 'team@x' });
  assert.deepEqual(memberChanges!.added.sort(byGuid), [value(lee), value(loop)].sort(byGuid));
  assert.deepEqual([memberChanges!.removed, memberChanges!.isWhole], [[value(kim)], false]);
  assert.equal(added.of(loop), undefined);

  const again = await deltaOf(async () => {
    await modify(team.dn, 'delete', 'member', lee.dn);
    await modify(team.dn, 'add', 'member', lee.dn, kim.dn);
    await modify(team.dn, 'delete', 'member', kim.dn);
  });
  assert.deepEqual(again.of(team)!.memberChanges, {
    ...{ added: [value(lee)], removed: [value(kim)], isWhole: false },
  });

  const renamed = await deltaOf(() => admin.modifyDn(lee.dn, dnOf('Lee, renamed')));
  assert.deepEqual(withoutPlace(renamed.of(lee)!.attributes), { cn: 'Lee, renamed' });
  assert.equal(renamed.of(team), undefined, 'a rename changes no membership');
  assert.deepEqual((await listOf(team)).sort(byGuid), [
    ...[value(loop), { ...value(lee), dn: dnOf('Lee, renamed') }].sort(byGuid),
  ]);
  const group = await deltaOf(() => admin.modifyDn(team.dn, dnOf('Team, renamed')));
  assert.deepEqual(withoutPlace(group.of(team)!.attributes), { cn: 'Team, renamed' });
  assert.equal(group.of(team)!.distinguishedName, dnOf('Team, renamed'));
});

test('a member of another forest appears by SID, in a delta and in a list', async () => {
  const shared = await make('Shared', 'group', { groupType: '-2147483644' });
  const sid = `S-1-5-21-1-2-${Number.parseInt(run, 16)}-1104`;
  const delta = await deltaOf(() => modify(shared.dn, 'add', 'member', `<SID=${sid}>`));
  const [foreign, more] = delta.of(shared)!.memberChanges!.added;
  assert.equal(more, undefined);
  assert.equal(foreign!.sid, sid);
  assert.equal(foreign!.dn, `CN=${sid},CN=ForeignSecurityPrincipals,${namingContext}`);
  assert.deepEqual(await listOf(shared), [foreign]);
  assert.equal(delta.of({ guid: foreign!.guid! }), undefined, 'it is no object of its own');
  await admin.delete(foreign!.dn);
});

test('changing the primary group changes the user and both groups, in one delta', async () => {
  const sam = await make('Sam', 'user');
  const staff = await make('Staff', 'group', { member: [sam.dn] });
  const { of, objects } = await deltaOf(() =>
    modify(sam.dn, 'replace', 'primaryGroupID', String(ridOf(staff.sid))),
  );
  assert.deepEqual(of(sam)!.attributes, { primaryGroupID: String(ridOf(staff.sid)) });
  assert.deepEqual(of(staff)!.memberChanges, { added: [], removed: [value(sam)], isWhole: false });
  const domainUsers = objects.find(o => o.distinguishedName === `CN=Domain Users,CN=Users,${namingContext}`)!;
  assert.deepEqual(domainUsers.memberChanges, { added: [value(sam)], removed: [], isWhole: false });
  assert.deepEqual(await listOf(staff), [], 'a primary group has no value for it');
});

test('a deleted member appears by its own deletion, not by its groups, and is in none after a restore', async () => {
  const ray = await make('Ray', 'user');
  const crew = await make('Crew', 'group', { member: [ray.dn] });
  assert.deepEqual(await readMemberOf(connector, { namingContext, objectGuid: ray.guid }), [crew.guid]);
  const { of, cookie } = await deltaOf(() => admin.delete(ray.dn));
  const gone = of(ray)!;
  assert.equal(gone.isDeleted, true);
  assert.equal(of(crew), undefined);
  assert.deepEqual(await listOf(crew), []);
  await admin.modify(
    gone.distinguishedName,
    [
      { operation: 'delete', attribute: 'isDeleted', values: [] },
      { operation: 'replace', attribute: 'distinguishedName', values: [ray.dn] },
    ],
    [showDeleted()],
  );
  const back = await importAll(cookie);
  assert.equal(back.of(ray)!.isRestored, true);
  assert.equal(back.of(crew), undefined);
  assert.deepEqual(await readMemberOf(connector, { namingContext, objectGuid: ray.guid }), []);
});

test('a read by GUID shows a group whole, and a deleted group appears as deleted and has no list', async () => {
  const short = await make('Short-lived', 'group', { member: [(await make('Max', 'user')).dn] });
  const [whole] = await readWhole(short);
  assert.equal(whole!.attributes.cn, 'Short-lived');
  const { of } = await deltaOf(() => admin.delete(short.dn));
  assert.deepEqual([of(short)!.isDeleted, of(short)!.memberChanges], [true, undefined]);
  assert.deepEqual(await lists({ objectGuids: [short.guid] }), []);
  assert.deepEqual(await readMemberOf(connector, { namingContext, objectGuid: short.guid }), []);
});

test('reads a group of more members than a range has range by range, and misses none', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `Many ${n}`);
  const many: Made[] = [];
  for (const name of names) many.push(await make(name, 'user'));
  const large = await make('Large', 'group', { member: many.map(({ dn }) => dn) });
  for (const rangeSize of [1, 7, 20, 39, 40, 41, 5_000]) {
    const found = await listOf(large, rangeSize);
    assert.deepEqual(found.sort(byGuid), many.map(value).sort(byGuid), `by ${rangeSize}`);
  }
});
