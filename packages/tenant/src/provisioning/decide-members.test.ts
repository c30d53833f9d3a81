import assert from 'node:assert/strict';
import { it } from 'node:test';
import { memberKey, prefixesOf } from '@causeway/records';
import fc from 'fast-check';
import { type CheckedSlice, compareMemberships, decideMembers, type Membership } from './decide-members.ts';

const REFERENCES = Array.from({ length: 24 }, (_, index) => `reference ${index}`);
const GROUP = { id: 'g', source_anchor: 'anchor', object_guid: 'guid' };

interface SliceOf {
  readonly prefix: string;
  readonly sequence: number;
  readonly members: readonly string[];
}

const item = ({ prefix, sequence, members }: SliceOf): CheckedSlice => {
  const common = { sourceAnchor: GROUP.source_anchor, prefix };
  const said = { ...common, kind: 'members', objectGuid: GROUP.object_guid, sequence, members };
  return { item: { ...common, record: JSON.stringify([prefix, sequence]) }, said: said as never };
};

/** The state of one group, as the plans of batches leave it. */
class Place {
  slices: { prefix: string; sequence: number; record: string }[] = [];
  memberships: Membership[] = [];
  written = 0;

  take(slices: readonly SliceOf[], deletions: ReadonlyMap<string, number> = new Map()): string[] {
    const lists = [{ ...GROUP, deleted: false, deleted_sequence: null, slices: this.slices }];
    let change = 0;
    const plan = decideMembers(lists, deletions, slices.map(item), () => ++change);
    const out = new Set([...plan.gone, ...plan.writes].map(({ prefix }) => prefix));
    this.slices = [...this.slices.filter(({ prefix }) => !out.has(prefix)), ...plan.writes];
    const inRange = ({ key }: Membership) => plan.ranges.some(({ from, to }) => from <= key && key <= to);
    const { gone, added } = compareMemberships(this.memberships.filter(inRange), plan.memberships);
    this.memberships = [...this.memberships.filter(one => !gone.includes(one)), ...added];
    this.written = gone.length + added.length;
    return plan.verdicts.map(({ verdict, code }) => code ?? verdict);
  }

  get members(): string[] {
    return this.memberships.map(({ reference }) => reference).sort();
  }
}

/** For each reference, the newest of all slices so far that cover it. */
function membersBy(slices: readonly SliceOf[], deletions: ReadonlyMap<string, number>): string[] {
  return REFERENCES.filter(reference => {
    const prefixes = prefixesOf(memberKey(reference));
    const newest = slices
      .filter(({ prefix }) => prefixes.includes(prefix))
      .reduce<SliceOf | undefined>((a, b) => (a && a.sequence > b.sequence ? a : b), undefined);
    return newest?.members.includes(reference) && newest.sequence > (deletions.get(reference) ?? 0);
  }).sort();
}

const prefix = fc.array(fc.constantFrom('0', '1'), { maxLength: 4 }).map(bits => bits.join(''));
const slices = fc
  .array(fc.record({ prefix, members: fc.subarray(REFERENCES) }), {
    minLength: 1,
    maxLength: 16,
    size: 'max',
  })
  .chain(some =>
    fc
      .shuffledSubarray(
        some.map((_, index) => index + 1),
        { minLength: some.length },
      )
      .map(sequences => some.map((slice, index) => ({ ...slice, sequence: sequences[index]! }))),
  );

it('takes each reference from the newest slice that covers it, in any order and batches of slices', () => {
  fc.assert(
    fc.property(slices, fc.integer({ min: 1, max: 5 }), (all, batch) => {
      const place = new Place();
      for (let from = 0; from < all.length; from += batch) {
        place.take(all.slice(from, from + batch));
        assert.deepEqual(place.members, membersBy(all.slice(0, from + batch), new Map()));
        assert.deepEqual(
          place.memberships.map(({ key }) => key),
          place.memberships.map(({ reference }) => memberKey(reference)),
        );
      }
      const again = place.slices.length;
      const verdicts = place.take(all);
      assert.equal(verdicts.filter(verdict => verdict === 'unchanged').length, again);
      assert.ok(verdicts.every(verdict => verdict === 'unchanged' || verdict === 'older-sequence'));
      assert.equal(place.written, 0);
    }),
    { numRuns: 200 },
  );
});

it('keeps the same slices in any order of arrival', () => {
  fc.assert(
    fc.property(slices, all => {
      const [one, other] = [new Place(), new Place()];
      one.take(all);
      for (const slice of all.toReversed()) other.take([slice]);
      const kept = (place: Place) => place.slices.map(({ record }) => record).sort();
      assert.deepEqual(kept(one), kept(other));
    }),
  );
});

it('counts no member by a slice that is older than a deletion', () => {
  const deletions = fc.array(fc.tuple(fc.constantFrom(...REFERENCES), fc.integer({ min: 1, max: 16 })));
  fc.assert(
    fc.property(slices, deletions, (all, some) => {
      const place = new Place();
      place.take(all, new Map(some));
      assert.deepEqual(place.members, membersBy(all, new Map(some)));
    }),
  );
});

it('writes one row for one changed member', () => {
  const place = new Place();
  place.take([{ prefix: '', sequence: 1, members: REFERENCES }]);
  assert.equal(place.written, REFERENCES.length);
  place.take([{ prefix: '', sequence: 2, members: REFERENCES.slice(1) }]);
  assert.equal(place.written, 1);
});
