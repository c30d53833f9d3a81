import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { TWO_FORESTS } from './forests.ts';
import { differencesOfGroups } from './groups.ts';
import { playGroups, settleGroups } from './play-groups.ts';
import { World } from './world.ts';

const world = await World.make(TWO_FORESTS);
after(() => world.close());

test('groups and their members reach tenant and managed domain as their forests have them', async () => {
  await world.begin();
  const [corp, fabrikam] = world.forests;
  const { groups } = corp!;
  const [ann, bob] = [corp!.hire('ann', 'Made.Up.1'), corp!.hire('bob', 'Made.Up.2')];
  const fay = fabrikam!.hire('fay', 'Made.Up.3');
  const [inner, outer] = [groups.make('inner'), groups.make('outer', { scope: 'domainLocal' })];
  groups.add(inner, ann);
  groups.add(outer, inner);
  groups.add(inner, outer); // a loop
  groups.add(outer, fay.sid);
  groups.add(outer, 'S-1-5-21-4-5-6-1100');
  await settleGroups(world);
  const members = world.domain.groups().find(({ name }) => name === 'outer')?.members;
  assert.deepEqual(
    members,
    new Set([`${corp!.forest}/${inner.anchor}`, `${fabrikam!.forest}/${fay.anchor}`]),
  );
  const steps = [
    () => {
      groups.remove(inner, ann);
      groups.add(inner, bob);
      corp!.setPrimaryGroup(bob, inner);
      corp!.delete(ann);
      fabrikam!.delete(fay);
    },
    () => {
      corp!.restore(ann);
      fabrikam!.restore(fay);
      corp!.setPrimaryGroup(bob, undefined);
      groups.delete(inner);
    },
    () => groups.restore(inner, true),
  ];
  for (const step of steps) {
    step();
    assert.notDeepEqual(await differencesOfGroups(world), []);
    await settleGroups(world);
  }
});

// Many of them are in `groups.long.test.ts`.
for (const seed of seeds(3))
  test(`seed ${seed}: groups end where one full recompute ends`, async t => {
    t.diagnostic(await playGroups(world, seed));
  });
