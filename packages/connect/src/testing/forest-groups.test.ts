import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { importObjects, readMemberLists, readMemberOf } from '@causeway/active-directory';
import { HandClock } from '@causeway/service/testing';
import { ScriptedForest } from './scripted-forest.ts';

// Checks with Connect's own reader that the scripted forest reports its groups as a domain controller would.

const forest = await ScriptedForest.listen('corp.example.com', new HandClock(Date.now()));
const ldap = await forest.connect();
const { groups, namingContext } = forest;
after(async () => {
  await ldap.close();
  await forest.close();
});

const [ann, bob] = [forest.hire('ann', 'Made.Up.1'), forest.hire('bob', 'Made.Up.2')];
const [inner, outer] = [groups.make('inner'), groups.make('outer', { scope: 'domainLocal' })];
const ELSEWHERE = 'S-1-5-21-4-5-6-1100';
groups.add(inner, ann);
groups.add(outer, inner);
groups.add(outer, ELSEWHERE);
let cookie: string | undefined;

/** What changed since the last import, with the names of members. */
async function imported() {
  const objects = [];
  for await (const page of importObjects(ldap, { namingContext, ...(cookie !== undefined && { cookie }) })) {
    objects.push(...page.objects);
    cookie = page.cookie ?? cookie;
  }
  return objects.map(({ objectGuid, attributes, memberChanges, isDeleted, isRestored }) => ({
    ...{ guid: objectGuid, isDeleted, isRestored, primary: attributes.primaryGroupID },
    added: memberChanges?.added.map(({ sid }) => sid),
    removed: memberChanges?.removed.map(({ sid }) => sid),
  }));
}

async function lists(objectGuids?: string[]): Promise<Map<string, (string | null)[]>> {
  const found = new Map<string, (string | null)[]>();
  for await (const { objectGuid, members } of readMemberLists(ldap, {
    namingContext,
    ...(objectGuids && { objectGuids }),
  }))
    found.set(
      objectGuid,
      members.map(({ sid }) => sid),
    );
  return found;
}

test('imports users and groups in full, and reads the lists separately', async () => {
  assert.deepEqual(
    (await imported()).map(({ guid }) => guid),
    [ann, bob, inner, outer].map(({ guid }) => guid),
  );
  assert.deepEqual(
    await lists(),
    new Map([
      [inner.guid, [ann.sid]],
      [outer.guid, [inner.sid, ELSEWHERE]],
    ]),
  );
  assert.deepEqual([...(await lists([inner.guid])).keys()], [inner.guid]);
  assert.deepEqual(await readMemberOf(ldap, { namingContext, objectGuid: ann.guid }), [inner.guid]);
});

test('reports added and removed members in a delta, and nothing of a deleted one', async () => {
  groups.add(inner, bob);
  groups.remove(outer, ELSEWHERE);
  forest.delete(ann);
  const told = new Map((await imported()).map(one => [one.guid, one]));
  assert.deepEqual([told.get(inner.guid)?.added, told.get(inner.guid)?.removed], [[bob.sid], []]);
  assert.deepEqual([told.get(outer.guid)?.added, told.get(outer.guid)?.removed], [[], [ELSEWHERE]]);
  assert.equal(told.get(ann.guid)?.isDeleted, true);
  assert.deepEqual((await lists([inner.guid])).get(inner.guid), [bob.sid]);
});

test('restores a user from the recycle bin into their former groups without reporting the groups', async () => {
  forest.restore(ann);
  const told = await imported();
  assert.deepEqual(
    told.map(({ guid, isRestored }) => [guid, isRestored]),
    [[ann.guid, true]],
  );
  assert.deepEqual(await readMemberOf(ldap, { namingContext, objectGuid: ann.guid }), [inner.guid]);
  forest.delete(ann);
  forest.restore(ann, false);
  await imported();
  assert.deepEqual(await readMemberOf(ldap, { namingContext, objectGuid: ann.guid }), []);
});

test('reports another primary group as two objects: the user, and the group with one member fewer', async () => {
  forest.setPrimaryGroup(bob, inner);
  const told = new Map((await imported()).map(one => [one.guid, one]));
  assert.equal(told.get(bob.guid)?.primary, inner.sid.split('-').at(-1));
  assert.deepEqual(told.get(inner.guid)?.removed, [bob.sid]);
});
