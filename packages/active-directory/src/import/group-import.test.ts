import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeGuid, encodeSid } from '@causeway/ldap';
import type { PeerEntry } from '@causeway/ldap/testing';
import { groupGuid, member, memberGuid, NAMING_CONTEXT, ScriptedGroups } from '../testing/scripted-groups.ts';
import { importedUpTo } from './import-cookie.ts';
import { type ImportPage, importObjects } from './import-objects.ts';
import { MAX_MEMBER_CHANGES } from './member-changes.ts';

const group = (n: number, attributes: PeerEntry['attributes'] = {}): PeerEntry => ({
  dn: `<GUID=${groupGuid(n)}>;<SID=S-1-5-21-1-2-3-${2000 + n}>;CN=g${n},${NAMING_CONTEXT}`,
  attributes: { objectGUID: [encodeGuid(groupGuid(n))], ...attributes },
});
const user = (n: number, attributes: PeerEntry['attributes'] = {}): PeerEntry => ({
  dn: member(n),
  attributes: { objectGUID: [encodeGuid(memberGuid(n))], ...attributes },
});
const value = (n: number) => ({
  guid: memberGuid(n),
  sid: `S-1-5-21-1-2-3-${1000 + n}`,
  dn: `CN=m${n},${NAMING_CONTEXT}`,
});

type Connection = Awaited<ReturnType<ScriptedGroups['connect']>>;

async function run(connection: Connection, cookie?: string) {
  const pages: ImportPage[] = [];
  const options = { namingContext: NAMING_CONTEXT, ...(cookie !== undefined && { cookie }) };
  for await (const page of importObjects(connection, options)) pages.push(page);
  const { cookie: next, full } = pages.at(-1)!;
  const objects = pages.flatMap(page => page.objects);
  return { objects, unreadable: pages.flatMap(page => page.unreadable), cookie: next!, full };
}

/** Runs an empty full import, then a delta with these entries. */
async function delta(groups: ScriptedGroups, ...entries: PeerEntry[]) {
  await using connection = await groups.connect();
  groups.delta = () => [];
  const { cookie } = await run(connection);
  groups.delta = () => entries;
  return { ...(await run(connection, cookie)), before: cookie };
}

test('a full import asks for no members and a delta for single values, both with extended names and the same cookie', async () => {
  await using groups = await ScriptedGroups.listen();
  const { full, cookie } = await delta(groups);
  assert.equal(full, null);
  const [first, second] = groups.deltas;
  assert.deepEqual(
    [first!.flags, first!.extended, first!.attributes.includes('member')],
    [0x800, true, false],
  );
  assert.deepEqual([second!.flags >>> 0, second!.extended], [0x8000_0800, true]);
  assert.ok(second!.attributes.includes('member'));
  for (const { attributes } of [first!, second!]) {
    assert.equal(new Set(attributes).size, attributes.length, 'each is asked for once');
    for (const name of ['userPrincipalName', 'primaryGroupID', 'groupType', 'name', 'objectSid', 'mail'])
      assert.ok(attributes.includes(name), name);
  }
  assert.equal(second!.cookie, 'cookie-1');
  assert.equal(importedUpTo(cookie)?.usn, '1');
});

test('a delta lists added and removed members by GUID, SID and name, in any order of objects', async () => {
  await using groups = await ScriptedGroups.listen();
  const { objects, unreadable } = await delta(
    groups,
    group(1, { 'member;range=1-1': [member(7), member(8)], 'member;range=0-0': [member(9), member(7)] }),
    user(7, { objectClass: ['top', 'user'], name: ['m7'], primaryGroupID: ['2001'] }),
    group(2, { groupType: ['-2147483646'], name: ['Renamed'], displayName: [] }),
    group(3, { isDeleted: ['TRUE'], 'member;range=0-0': [member(1)] }),
  );
  assert.deepEqual(unreadable, []);
  const [first, person, second, deleted] = objects;
  assert.equal(first!.distinguishedName, `CN=g1,${NAMING_CONTEXT}`);
  assert.deepEqual(first!.memberChanges, {
    added: [value(7), value(8)],
    removed: [value(9), value(7)],
    isWhole: false,
  });
  assert.deepEqual(person!.attributes, { primaryGroupID: '2001', cn: 'm7' });
  assert.equal(person!.memberChanges, undefined);
  assert.deepEqual(second!.attributes, { groupType: '-2147483646', cn: 'Renamed', displayName: null });
  assert.equal(second!.memberChanges, undefined);
  assert.deepEqual([deleted!.isDeleted, deleted!.memberChanges], [true, undefined]);
});

test('reads a manager as a link: takes an added value, and no manager if one was only removed', async () => {
  await using groups = await ScriptedGroups.listen();
  const { objects } = await delta(
    groups,
    user(1, { 'manager;range=0-0': [member(8)], 'manager;range=1-1': [member(9)] }),
    user(2, { 'manager;range=0-0': [member(8)] }),
    user(3, { manager: [member(8)] }),
    user(4, { manager: [] }),
    user(5, { title: ['Dr.'] }),
    user(6, { manager: [`CN=m8,${NAMING_CONTEXT}`] }),
  );
  const [m8, m9] = [8, 9].map(memberGuid);
  assert.deepEqual(
    objects.map(({ attributes }) => attributes),
    [{ manager: m9 }, { manager: null }, { manager: m8 }, { manager: null }, { title: 'Dr.' }, {}],
  );
  assert.match(objects[5]!.problems[0]!, /^manager: 'CN=m8,.*' came without its objectGUID$/);
});

test('asks for the whole list after a plain member under the flag or a range that is no change', async () => {
  await using groups = await ScriptedGroups.listen();
  const { objects } = await delta(
    groups,
    group(1, { member: [member(1), member(2)] }),
    group(2, { member: [] }),
    group(3, { 'member;range=0-1499': [member(1)], member: [] }),
    group(4, { member: [], 'member;range=1-1': [member(4)] }),
    group(5, { member: [member(1)], 'member;range=0-0': [member(5)] }),
  );
  const nothing = { added: [], removed: [] };
  assert.deepEqual(
    objects.map(({ memberChanges }) => memberChanges),
    [
      { ...nothing, isWhole: true },
      { ...nothing, isWhole: true },
      { ...nothing, isWhole: true },
      { added: [value(4)], removed: [], isWhole: false },
      { added: [], removed: [value(5)], isWhole: true },
    ],
  );
});

test('drops only an unreadable value and asks for the whole list; keeps a value without GUID', async () => {
  await using groups = await ScriptedGroups.listen();
  const { objects } = await delta(
    groups,
    group(1, {
      mail: ['g@x'],
      'member;range=1-1': ['<GUID=nonsense>;CN=x', Buffer.of(0xff), member(1)],
      'member;range=0-0': ['<SID=S-1-5-21-9-9-9-1104>;CN=S-1-5-21-9-9-9-1104,CN=F', 'CN=y'],
    }),
  );
  const [{ attributes, memberChanges, problems } = objects[0]!] = objects;
  assert.deepEqual(attributes, { mail: 'g@x' });
  assert.deepEqual(memberChanges, {
    added: [value(1)],
    removed: [
      { guid: null, sid: 'S-1-5-21-9-9-9-1104', dn: 'CN=S-1-5-21-9-9-9-1104,CN=F' },
      { guid: null, sid: null, dn: 'CN=y' },
    ],
    isWhole: true,
  });
  assert.equal(problems.length, 2);
  assert.match(problems[0]!, /^member: ExtendedDn.GUID/);
});

test('retries the same cookie without incremental values once per connection after a refusal', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.knowsIncremental = false;
  await using connection = await groups.connect();
  const { cookie } = await run(connection);
  groups.delta = () => [group(1, { member: [member(1), member(2)] }), user(1, { manager: [member(8)] })];
  const found = await run(connection, cookie);
  assert.equal(found.full, null, 'the cookie is not given up');
  assert.deepEqual(found.objects[0]!.memberChanges, { added: [], removed: [], isWhole: true });
  assert.deepEqual(found.objects[1]!.attributes, { manager: memberGuid(8) });
  assert.deepEqual(
    groups.deltas.map(({ flags, cookie }) => [flags < 0, cookie]),
    [
      [false, ''],
      [true, 'cookie-1'],
      [false, 'cookie-1'],
    ],
  );
  await run(connection, found.cookie);
  assert.deepEqual([groups.deltas.length, groups.deltas[3]!.flags < 0], [4, false], 'remembered');
  await using other = await groups.connect();
  groups.knowsIncremental = true;
  assert.equal((await run(other, found.cookie)).full, null);
  assert.equal(groups.deltas[4]!.flags < 0, true, 'of the connection alone');
});

test('gives up a cookie that is refused with and without the flag, and keeps using the flag', async () => {
  await using groups = await ScriptedGroups.listen();
  await using connection = await groups.connect();
  const { cookie } = await run(connection);
  groups.badCookie = 'cookie-1';
  const found = await run(connection, cookie);
  assert.equal(found.full, 'cookie-refused');
  assert.deepEqual(
    groups.deltas.map(({ flags, cookie }) => [flags < 0, cookie]),
    [
      [false, ''],
      [true, 'cookie-1'],
      [false, 'cookie-1'],
      [false, ''],
    ],
  );
  assert.equal((await run(connection, found.cookie)).full, null);
  assert.equal(groups.deltas.at(-1)!.flags < 0, true);
});

test('asks for the whole list if a group has more changed members than are kept or than fit into a message', async () => {
  await using groups = await ScriptedGroups.listen();
  const many = Array.from({ length: MAX_MEMBER_CHANGES + 1 }, (_, n) => member(n));
  const long = Array.from({ length: 200_000 }, (_, n) => member(n));
  const { objects, before } = await delta(
    groups,
    group(1, { 'member;range=1-1': many, mail: ['one@x'] }),
    group(2, { 'member;range=1-1': long, 'member;range=0-0': [member(3)], mail: ['two@x'] }),
    group(3, { 'member;range=1-1': [member(3)], objectSid: [encodeSid('S-1-5-21-1-2-3-2003')] }),
  );
  assert.deepEqual(
    objects.map(({ memberChanges, attributes, problems }) => ({ ...memberChanges, ...attributes, problems })),
    [
      { added: [], removed: [], isWhole: true, mail: 'one@x', problems: [] },
      { added: [], removed: [value(3)], isWhole: true, mail: 'two@x', problems: [] },
      { added: [value(3)], removed: [], isWhole: false, objectSid: 'S-1-5-21-1-2-3-2003', problems: [] },
    ],
  );
  groups.knowsIncremental = false; // the whole list comes then, and nobody needs its values
  groups.delta = () => [group(2, { member: long })];
  await using connection = await groups.connect();
  const { objects: again } = await run(connection, before);
  assert.deepEqual(again[0]!.memberChanges, { added: [], removed: [], isWhole: true });
});
