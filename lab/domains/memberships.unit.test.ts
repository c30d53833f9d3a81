import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planMemberships, sizedName } from './memberships.ts';

const sizeOf = ({ people, group }: { people: number; group: string | undefined }): number =>
  people + (group === undefined ? 0 : 1);

test('the groups of a large site have as many memberships as asked for, and two of them are large', () => {
  const plan = planMemberships(100_000, { groups: 5_000, memberships: 1_000_000 });
  assert.equal(plan.length, 5_000);
  assert.equal(
    plan.reduce((sum, group) => sum + sizeOf(group), 0),
    1_000_000,
  );
  assert.deepEqual(plan.slice(0, 2).map(sizeOf), [50_000, 10_000]);
  assert.ok(plan.slice(2).every(group => sizeOf(group) >= 188 && sizeOf(group) <= 189));
});

test('some groups have the one before as a member, and no group has itself or a member twice', () => {
  const plan = planMemberships(300, { groups: 50, memberships: 5_000 });
  assert.deepEqual(
    plan.flatMap(({ group }, index) => (group === undefined ? [] : [[index, group]])),
    [10, 20, 30, 40].map(index => [index, sizedName(index - 1)]),
  );
  assert.ok(plan.every(({ people }) => people <= 300));
});

test('rejects more members than people', () => {
  assert.throws(() => planMemberships(10, { groups: 2, memberships: 21 }), /need more than 10 people/);
});
