import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { type ForestGroup, type ForestPerson, movePerson } from '@causeway/connect/testing';
import { HostileTenant } from './hostile-tenant.ts';
import { lookAtDomain, lookAtTenant } from './look.ts';
import { EMEA, FOREST, World } from './world.ts';

const world = await World.make([FOREST], [EMEA]);
after(() => world.close());
const [root, emea] = world.sides[0]!.domains as [typeof world.forest, typeof world.forest];

beforeEach(async () => {
  emea.people.length = 0;
  emea.groups.all.length = 0;
  await world.begin();
});

/** Whom tenant and managed domain have of the forest, with which password; and that they are enabled. */
async function found(): Promise<Record<'tenant' | 'domain', string[]>> {
  const people = [...root.people, ...emea.people].filter(({ deleted }) => !deleted);
  const forest = { forest: FOREST, people };
  const words = ({
    anchor,
    principal,
    enabled,
    password,
  }: Awaited<ReturnType<typeof lookAtTenant>>[number]) => `${anchor} ${principal} ${enabled} ${password}`;
  return {
    tenant: (await lookAtTenant(world.tenant, forest)).map(words).sort(),
    domain: lookAtDomain(world.domain, forest).map(words).sort(),
  };
}

async function everywhere(...people: ForestPerson[]): Promise<void> {
  const should = people.map(one => `${one.anchor} ${one.principal} true ${one.passwords.at(-1)}`).sort();
  assert.deepEqual(await found(), { tenant: should, domain: should });
}

/** Who is in a group, in the managed domain. */
const membersOf = ({ anchor }: ForestGroup): string[] =>
  [...(world.domain.groups().find(group => group.anchor === anchor)?.members ?? [])].sort();
const keyOf = ({ anchor }: { anchor: string }): string => `${FOREST}/${anchor}`;

test('people and groups of two domains come everywhere, with each other as members', async () => {
  const [ann, eve] = [root.hire('ann', 'Made.Up.1'), emea.hire('eve', 'Made.Up.2')];
  const [group, other] = [root.groups.make('all', { scope: 'universal' }), emea.groups.make('some')];
  for (const member of [ann, eve, other]) root.groups.add(group, member);
  emea.groups.add(other, eve);
  await world.turns(4);
  await everywhere(ann, eve);
  assert.deepEqual(membersOf(group), [ann, eve, other].map(keyOf).sort(), 'of another domain by SID');
  assert.deepEqual(membersOf(other), [keyOf(eve)]);
  const { state, accounts, groups } = world.connect.arrival();
  assert.deepEqual([state, accounts.all, groups?.all], ['complete', 2, 2]);
  assert.deepEqual(world.connect.alarms(), []);
});

for (const [what, order] of [
  ['the domain that was left says it first', [0, 1]],
  ['the new domain says it first', [1, 0]],
] as const)
  test(`who moves to another domain is there with its SID, password and groups: ${what}`, async () => {
    const ann = root.hire('ann', 'Made.Up.1');
    for (let n = 2; n < 5; n++) root.setPassword(ann, `Made.Up.${n}`);
    const group = root.groups.make('all', { scope: 'universal' });
    const local = emea.groups.make('local', { scope: 'domainLocal' });
    root.groups.add(group, ann);
    emea.groups.add(local, ann);
    await world.turns(4);
    await everywhere(ann);
    const moved = movePerson(root, emea, ann);
    const { connect } = world;
    for (const n of order) {
      await world.pass(1_000);
      await connect.clock.during(connect.cycle([connect.connectors[n]!]));
      await world.domain.turn();
    }
    await world.turns(4);
    await everywhere(moved);
    for (const one of [group, local]) assert.deepEqual(membersOf(one), [keyOf(ann)]);
    emea.setPassword(moved, 'Made.Up.New');
    await world.turns(2);
    await everywhere(moved);
    const { state, accounts } = connect.arrival();
    assert.deepEqual([state, accounts.all], ['complete', 1]);
    assert.deepEqual(connect.alarms(), []);
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
    (await found()).domain.map(line => line.split(' ')[0]),
    [ann.anchor],
  );
});
