import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LdapError } from '@causeway/ldap';
import type { Guid } from '@causeway/wire';
import { groupGuid, member, memberGuid, NAMING_CONTEXT, ScriptedGroups } from '../testing/scripted-groups.ts';
import { type MemberListPart, readMemberLists, readMemberOf } from './member-lists.ts';

const members = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => member(from + n));
const guids = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => memberGuid(from + n));

type Asking = { objectGuids?: Guid[]; rangeSize?: number };

async function read(groups: ScriptedGroups, asking: Asking = {}): Promise<MemberListPart[]> {
  await using connection = await groups.connect();
  const parts: MemberListPart[] = [];
  const options = { namingContext: NAMING_CONTEXT, ...asking };
  for await (const part of readMemberLists(connection, options)) parts.push(part);
  return parts;
}

/** Lists by group. Fails if the parts of a group are not together, or if more than one is the last. */
function whole(parts: readonly MemberListPart[]): Map<Guid, { members: (Guid | null)[]; isLast: boolean }> {
  const lists = new Map<Guid, { members: (Guid | null)[]; isLast: boolean }>();
  let before: Guid | undefined;
  for (const { objectGuid, members, isLast } of parts) {
    const list = lists.get(objectGuid) ?? { members: [], isLast: false };
    assert.ok(!list.isLast && (list.members.length === 0 || before === objectGuid), 'parts come together');
    list.members.push(...members.map(({ guid }) => guid));
    list.isLast = isLast;
    lists.set(objectGuid, list);
    before = objectGuid;
  }
  return lists;
}

for (const maxRange of [1_500, 5_000])
  test(`reads whole lists of any size if a domain controller cuts ranges at ${maxRange}`, async () => {
    await using groups = await ScriptedGroups.listen();
    groups.maxRange = maxRange;
    const sizes = [0, 1, 1_499, 1_500, 1_501, 3_000, 5_000, 5_001, 10_000, 12_345];
    for (const [n, size] of sizes.entries()) groups.lists.set(groupGuid(n), members(0, size));
    const lists = whole(await read(groups));
    for (const [n, size] of sizes.entries())
      assert.deepEqual(lists.get(groupGuid(n)), { members: guids(0, size), isLast: true }, `of ${size}`);
    assert.equal(lists.size, sizes.length);
  });

test('reads groups page by page, each value with GUID, SID and name', async () => {
  await using groups = await ScriptedGroups.listen();
  for (let n = 0; n < 123; n++) groups.lists.set(groupGuid(n), [member(n)]);
  const parts = await read(groups);
  assert.deepEqual(
    parts.map(({ objectGuid }) => objectGuid),
    Array.from({ length: 123 }, (_, n) => groupGuid(n)),
  );
  assert.deepEqual(parts[7]!.members, [
    { guid: memberGuid(7), sid: 'S-1-5-21-1-2-3-1007', dn: `CN=m7,${NAMING_CONTEXT}` },
  ]);
  assert.equal(groups.ranges.length, 3);
});

test('reads only the named groups, a range at a time, and nothing for a missing one', async () => {
  await using groups = await ScriptedGroups.listen();
  for (let n = 0; n < 120; n++) groups.lists.set(groupGuid(n), members(0, n % 60));
  const objectGuids = [5, 59, 999, 119, 5, 60].map(groupGuid);
  const parts = await read(groups, { objectGuids, rangeSize: 25 });
  assert.ok(parts.every(part => part.members.length <= 25));
  const lists = whole(parts);
  assert.deepEqual([...lists.keys()].sort(), [5, 59, 60, 119].map(groupGuid).sort());
  for (const n of [5, 59, 60, 119])
    assert.deepEqual(lists.get(groupGuid(n)), { members: guids(0, n % 60), isLast: true });
  assert.deepEqual(await read(groups, { objectGuids: [] }), []);
});

test('misses a member but invents none if a value is removed between two ranges', async () => {
  await using groups = await ScriptedGroups.listen();
  const list = members(0, 3_001);
  groups.lists.set(groupGuid(1), list);
  groups.meanwhile = (_, from) => from === 1_500 && list.length === 3_001 && list.splice(0, 1);
  const { members: found, isLast } = whole(await read(groups)).get(groupGuid(1))!;
  assert.equal(isLast, true);
  assert.deepEqual(found, [...guids(0, 1_500), ...guids(1_501, 3_001)]);
});

test('starts a list again if it ends before the next range and the server returns an error', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.errorBehindEnd = true;
  const list = members(0, 3_001);
  groups.lists.set(groupGuid(1), list);
  groups.meanwhile = (_, from) => from === 3_000 && list.splice(0, 2);
  const { members: found, isLast } = whole(await read(groups)).get(groupGuid(1))!;
  assert.equal(isLast, true);
  assert.deepEqual([...new Set(found)].sort(), guids(0, 3_001));
  assert.deepEqual(found.slice(3_000), guids(2, 3_001), 'begun anew');
});

test('ends a list at an empty last range, and yields no last part for a group deleted meanwhile', async () => {
  await using groups = await ScriptedGroups.listen();
  const list = members(0, 1_501);
  groups.lists.set(groupGuid(1), list);
  groups.meanwhile = (_, from) => from === 1_500 && list.splice(1_000);
  const { members: found, isLast } = whole(await read(groups)).get(groupGuid(1))!;
  assert.deepEqual([found, isLast], [guids(0, 1_500), true]);

  groups.lists.set(groupGuid(1), members(0, 1_501));
  groups.meanwhile = (guid, from) => from === 0 && setImmediate(() => groups.lists.delete(guid));
  const parts = await read(groups);
  assert.deepEqual(
    parts.map(part => [part.members.length, part.isLast]),
    [[1_500, false]],
  );
});

test('reports a list that never ends well after it has read all others, and yields no last part for it', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.errorBehindEnd = true;
  const list = members(0, 2_000);
  groups.lists.set(groupGuid(1), list);
  groups.lists.set(groupGuid(2), members(0, 2_000));
  groups.meanwhile = (guid, from) => {
    if (guid === groupGuid(1)) groups.lists.set(guid, list.slice(0, from === 0 ? 2_000 : 10));
  };
  await using connection = await groups.connect();
  const parts: MemberListPart[] = [];
  const reading = async () => {
    for await (const part of readMemberLists(connection, { namingContext: NAMING_CONTEXT })) parts.push(part);
  };
  await assert.rejects(reading(), { name: 'LdapError', resultCode: 1 });
  assert.ok(parts.every(part => part.objectGuid !== groupGuid(1) || !part.isLast));
  assert.equal(parts.at(-1)!.objectGuid, groupGuid(2));
  assert.equal(parts.at(-1)!.isLast, true);
});

test('reads from a server without ranges, and values without GUID or that are no names', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.knowsRanges = false;
  const odd = ['<GUID=nonsense>;CN=x', `CN=y,${NAMING_CONTEXT}`, '<SID=S-1-5-11>;CN=z', member(1, null)];
  groups.lists.set(groupGuid(1), odd);
  const [{ members: found, isLast } = { members: [], isLast: false }] = await read(groups);
  assert.equal(isLast, true);
  assert.deepEqual(found, [
    { guid: null, sid: null, dn: odd[0] },
    { guid: null, sid: null, dn: odd[1] },
    { guid: null, sid: 'S-1-5-11', dn: 'CN=z' },
    { guid: memberGuid(1), sid: null, dn: `CN=m1,${NAMING_CONTEXT}` },
  ]);
});

test('rejects a server that ignores where a range begins', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.lists.set(groupGuid(1), members(0, 2_000));
  groups.meanwhile = (_, from) => {
    groups.knowsRanges = from === 0;
  };
  await assert.rejects(
    read(groups),
    (error: unknown) => error instanceof LdapError && error.code === 'protocol' && /1500/.test(error.message),
  );
});

test('lists the groups of an object by GUID, however many there are', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.memberOf.set(memberGuid(1), members(0, 1_777));
  await using connection = await groups.connect();
  const ask = (objectGuid: Guid) => readMemberOf(connection, { namingContext: NAMING_CONTEXT, objectGuid });
  assert.deepEqual(await ask(memberGuid(1)), guids(0, 1_777));
  assert.deepEqual(await ask(memberGuid(2)), []);
});

test('holds one range at a time of a group of 250,000', async () => {
  await using groups = await ScriptedGroups.listen();
  groups.maxRange = 5_000;
  groups.lists.set(groupGuid(1), members(0, 250_000));
  await using connection = await groups.connect();
  let [count, most] = [0, 0];
  for await (const { members } of readMemberLists(connection, { namingContext: NAMING_CONTEXT })) {
    count += members.length;
    most = Math.max(most, members.length);
  }
  assert.deepEqual([count, most], [250_000, 5_000]);
});
