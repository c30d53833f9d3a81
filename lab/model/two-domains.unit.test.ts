import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { movePerson } from '@causeway/connect/testing';
import { seeds } from '../seeds.ts';
import { HostileTenant } from './hostile-tenant.ts';
import { keyOf, TwoDomains } from './two-domains.ts';

const forest = await TwoDomains.make();
const { world, root, emea } = forest;
after(() => world.close());
beforeEach(() => forest.begin());

test('people and groups of two domains reach both places, with each other as members', async () => {
  const [ann, eve] = [root.hire('ann', 'Made.Up.1'), emea.hire('eve', 'Made.Up.2')];
  const [group, other] = [root.groups.make('all', { scope: 'universal' }), emea.groups.make('some')];
  for (const member of [ann, eve, other]) root.groups.add(group, member);
  emea.groups.add(other, eve);
  await world.turns(4);
  await forest.everywhere(ann, eve);
  assert.deepEqual(forest.membersOf(group), [ann, eve, other].map(keyOf).sort(), 'of another domain by SID');
  assert.deepEqual(forest.membersOf(other), [keyOf(eve)]);
  const { state, accounts, groups } = world.connect.arrival();
  assert.deepEqual([state, accounts.all, groups?.all], ['complete', 2, 2]);
  assert.deepEqual(world.connect.alarms(), []);
});

for (const [what, order] of [
  ['the old domain reports it first', [0, 1]],
  ['the new domain reports it first', [1, 0]],
] as const)
  test(`a user who moves to another domain keeps password and groups and has the new SID: ${what}`, async () => {
    const ann = root.hire('ann', 'Made.Up.1');
    for (let n = 2; n < 5; n++) root.setPassword(ann, `Made.Up.${n}`);
    const group = root.groups.make('all', { scope: 'universal' });
    const local = emea.groups.make('local', { scope: 'domainLocal' });
    root.groups.add(group, ann);
    emea.groups.add(local, ann);
    await world.turns(4);
    await forest.everywhere(ann);
    const moved = movePerson(root, emea, ann);
    for (const n of order) {
      await forest.read(forest.domains[n]!);
      await world.domain.turn();
    }
    await world.turns(4);
    await forest.everywhere(moved);
    for (const one of [group, local]) assert.deepEqual(forest.membersOf(one), [keyOf(ann)]);
    emea.setPassword(moved, 'Made.Up.New');
    await world.turns(2);
    await forest.everywhere(moved);
    const { state, accounts } = world.connect.arrival();
    assert.deepEqual([state, accounts.all], ['complete', 1]);
    assert.deepEqual(world.connect.alarms(), []);
  });

test('a tenant that withholds the people of one domain is found out', async () => {
  const ann = root.hire('ann', 'Made.Up.1');
  await world.turns(3);
  const hostile = new HostileTenant(world);
  const eve = emea.hire('eve', 'Made.Up.2');
  hostile.begin({ people: new Set([eve.anchor]) }, true);
  for (let n = 0; n < 12; n++) await world.turn(30_000);
  const { state, missing } = world.connect.arrival();
  assert.notEqual(state, 'complete');
  assert.deepEqual([...new Set(missing.map(({ sourceAnchor }) => sourceAnchor))], [eve.anchor]);
  assert.equal(missing[0]!.user, eve.principal);
  assert.deepEqual(
    (await forest.found()).domain.map(line => line.split(' ')[0]),
    [ann.anchor],
  );
});

// `two-domains.long.test.ts` plays many.
for (const seed of seeds(1))
  test(`seed ${seed}: every place matches the domains, whatever moves and whichever domain is read first`, () =>
    forest.play(seed));
