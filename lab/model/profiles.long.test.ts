import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { ForestPerson } from '@causeway/connect/testing';
import type { FeedItem, Profile } from '@causeway/contract';
import { World } from './world.ts';

// In every place the forest decides what describes a person. A tenant that shows another profile, or none, is found out.

const world = await World.make();
after(() => world.close());
beforeEach(() => world.begin());

const { forest } = world;
const ALICE = { displayName: 'Alice Andersson', title: 'Engineer', l: 'Oslo' };

/** Some attributes of a person in the managed domain's directory. */
function described(person: ForestPerson): (string | undefined)[] {
  const account = world.domain.accounts().find(({ anchor }) => anchor === person.anchor)!;
  const values = world.domain.samba.stored.get(account.guid)!;
  return ['displayName', 'title', 'l'].map(name => values[name]?.[0]?.toString());
}

/** Replaces each profile in the tenant's feed. */
function lieAbout(lie: ((profile: Profile | undefined) => Profile | undefined) | undefined): void {
  world.lie =
    lie &&
    ((_method, path, answer) => {
      if (!path.startsWith('/api/v1/domain/changes')) return undefined;
      const page = answer as { items: FeedItem[] };
      const items = page.items.map(({ profile, ...item }) => {
        const shown = lie(profile);
        return shown === undefined ? item : { ...item, profile: shown };
      });
      return { ...page, items };
    });
}

async function hired(): Promise<ForestPerson> {
  const alice = forest.hire('alice', 'Made.Up.alice');
  forest.change(alice, { described: ALICE });
  await world.turns(4);
  assert.deepEqual(described(alice), ['Alice Andersson', 'Engineer', 'Oslo']);
  assert.equal(world.connect.arrival().state, 'complete');
  return alice;
}

for (const [what, lie] of [
  ['withholds profiles', () => undefined],
  [
    'changes profiles',
    (profile: Profile | undefined) => profile && { ...profile, jobTitle: 'Domain administrator' },
  ],
] as const)
  test(`a tenant that ${what} changes nothing in the managed domain, delays no user, is named, and recovers when repaired`, async () => {
    const alice = await hired();
    lieAbout(lie);
    forest.change(alice, { enabled: false, described: { ...ALICE, title: 'Principal', l: undefined } });
    for (let i = 0; i < 20; i++) await world.turn(20_000);
    assert.deepEqual(described(alice), ['Alice Andersson', 'Engineer', 'Oslo']);
    assert.deepEqual(await world.differences(), [], 'she is out everywhere');
    const { state, missing } = world.connect.arrival();
    assert.equal(state, 'differs');
    assert.deepEqual(
      missing.map(({ sourceAnchor, what, refused }) => [sourceAnchor, what, refused]),
      [[alice.anchor, 'account', null]],
    );
    lieAbout(undefined);
    await world.turn(60 * 60_000);
    await world.turns(6);
    assert.deepEqual(described(alice), ['Alice Andersson', 'Principal', undefined]);
    assert.equal(world.connect.arrival().state, 'complete');
  });

test('a directory restored from an earlier day gets today’s profiles', async () => {
  const alice = await hired();
  const monday = await world.moment();
  forest.change(alice, { described: { ...ALICE, l: 'Bergen' } });
  await world.quiet();
  await world.lose(['directory'], monday);
  await world.turns(6);
  assert.deepEqual(described(alice), ['Alice Andersson', 'Engineer', 'Bergen']);
  await world.lose(['ledger'], undefined);
  await world.turns(6);
  assert.deepEqual(described(alice), ['Alice Andersson', 'Engineer', 'Bergen']);
  assert.equal(world.connect.arrival().state, 'complete');
});

test('a forced password pass sends no profile, neither to the tenant nor to the managed domain', async () => {
  const { guid } = await hired();
  const { space, passes } = world.connect.connector.context.store;
  const shown: boolean[] = [];
  lieAbout(profile => {
    shown.push(profile !== undefined);
    return profile;
  });
  const before = space.get(guid)!.exportedSequence;
  passes.request(true);
  await world.turns(4);
  assert.equal(space.get(guid)!.exportedSequence, before);
  assert.ok(shown.length > 0);
  assert.ok(!shown.includes(true));
});
