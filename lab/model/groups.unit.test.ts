import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { randomFrom } from '../random.ts';
import { differencesOfGroups } from './groups.ts';
import { GroupsHistory } from './groups-history.ts';
import { seeds } from './play-seed.ts';
import { World } from './world.ts';

const world = await World.make();
after(() => world.close());
beforeEach(() => world.begin());

const differences = async () =>
  differencesOfGroups('tenant', world.forest, await world.tenant.groups(world.forest.forest)).map(
    ({ text }) => text,
  );

test('groups and their members come to the tenant as the forest has them', async () => {
  const { forest } = world;
  const [ann, bob] = [forest.hire('ann', 'Made.Up.1'), forest.hire('bob', 'Made.Up.2')];
  const [inner, outer] = [forest.groups.make('inner'), forest.groups.make('outer', { scope: 'domainLocal' })];
  forest.groups.add(inner, ann);
  forest.groups.add(outer, inner);
  forest.groups.add(inner, outer); // a loop
  forest.groups.add(outer, 'S-1-5-21-4-5-6-1100');
  await world.quiet();
  assert.deepEqual(await differences(), []);
  forest.groups.remove(inner, ann);
  forest.groups.add(inner, bob);
  forest.setPrimaryGroup(bob, inner);
  forest.delete(ann);
  assert.notDeepEqual(await differences(), []);
  await world.quiet();
  assert.deepEqual(await differences(), []);
  forest.restore(ann);
  forest.groups.delete(inner);
  await world.quiet();
  assert.deepEqual(await differences(), []);
  forest.groups.restore(inner, true);
  await world.quiet();
  assert.deepEqual(await differences(), []);
});

for (const seed of seeds(3))
  test(`seed ${seed}: groups end where one full recompute ends`, async () => {
    const history = new GroupsHistory(world, randomFrom(seed));
    await history.play();
    for (let i = 0; i < 4; i++) await world.turn();
    assert.deepEqual(await differences(), [], `CAUSEWAY_TEST_SEED=${seed}\n  ${history.told.join('\n  ')}`);
  });
