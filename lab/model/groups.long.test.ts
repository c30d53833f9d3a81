import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { playGroups } from './play-groups.ts';
import { World } from './world.ts';

// Many more histories like the few of `groups.unit.test.ts`. Those of two forests are in their own file, because files run in parallel. The
// suite's name gives the number, so the time can be judged.

const world = await World.make();
after(() => world.close());

const played = seeds(50);
suite(`${played.length} histories of a forest`, () => {
  for (const seed of played)
    test(`seed ${seed}: groups of a forest end where one full recompute ends`, async t => {
      t.diagnostic(await playGroups(world, seed));
    });
});

/** Longer than any retry. */
const HASTE = [[60_000, 2]] as const;

/** Asserts that one of a few histories differs from its forests, and that the error names the seed. */
async function assertFound(what: RegExp): Promise<void> {
  for (let seed = 1; seed <= 6; seed++) {
    const failed = await playGroups(world, seed, HASTE).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (failed === undefined) continue;
    assert.match(failed, new RegExp(`^CAUSEWAY_TEST_SEED=${seed}\\n`));
    assert.match(failed, what);
    return;
  }
  assert.fail('no history finds it');
}

test('a history finds a member that nobody removes from a group', async t => {
  const { groups } = world.domain.samba.groups;
  const { changeMembers } = groups;
  t.after(() => void Object.assign(groups, { changeMembers }));
  const change: typeof changeMembers = async (guid, operation, members) =>
    operation === 'delete' ? { ok: true } : changeMembers(guid, operation, members);
  Object.assign(groups, { changeMembers: change });
  await assertFound(/^domain: .* is .*, should be /m);
});

test('a history finds an account that keeps an on-premises SID', async t => {
  const { stored } = world.domain.samba.shadows;
  t.after(() => {
    for (const method of ['set', 'delete']) Reflect.deleteProperty(stored, method);
  });
  Object.assign(stored, {
    set: (sid: string, members: string[]) =>
      members.length > 0 && Map.prototype.set.call(stored, sid, members),
    delete: () => true,
  });
  await assertFound(/^domain: should not be there: .* in the group of S-1-5-21-/m);
});
