import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constantFrom, integer, nat, option, property, record } from 'fast-check';
import { type Contender, type Reservation, settleNames } from './sign-in-names.ts';

const NAMES = ['a@x', 'b@x', 'c@x', 'not a name'] as const;
const FORESTS = ['one', 'two'] as const;
/** Persons 0 to 3 are of the first forest, 4 to 7 of the second. */
const PEOPLE = 8;
const forestOf = (person: number): string => FORESTS[Math.floor(person / 4)]!;
const keyOf = (name: string): string | null => (name.includes(' ') ? null : name);

interface State {
  readonly wanted: string | null;
  readonly since: number;
  readonly held: string | null;
}

/** A place that receives changes of people, one by one or several at once. */
class Place {
  readonly people = new Map<number, State>();
  readonly reservations = new Map<string, Reservation>();
  readonly now: Date;
  #clock = 0;

  constructor(now = new Date(0)) {
    this.now = now;
  }

  tell(changes: ReadonlyMap<number, string | null>): void {
    const before = new Map(this.people);
    for (const [person, wanted] of changes) {
      const known = this.people.get(person);
      const since = known?.wanted === wanted ? known.since : ++this.#clock;
      this.people.set(person, { wanted, since, held: known?.held ?? null });
    }
    const contenders = [...this.people].map(([person, { wanted, since, held }]): Contender => {
      const was = before.get(person)?.wanted ?? null;
      return {
        id: String(person),
        forest: forestOf(person),
        anchor: String(person),
        gone: wanted === null,
        wanted,
        wantedKey: wanted === null ? null : keyOf(wanted),
        since,
        held,
        heldKey: held,
        heldTruly: held !== null && held === (was === null ? null : keyOf(was)),
      };
    });
    const settled = settleNames(new Set<string>(NAMES.slice(0, 3)), contenders, this.reservations, this.now);
    for (const [id, { name }] of settled.outcomes)
      this.people.set(Number(id), { ...this.people.get(Number(id))!, held: name });
    for (const [key, reservation] of settled.reservations) {
      if (reservation === null) this.reservations.delete(key);
      else this.reservations.set(key, reservation);
    }
  }

  get names(): (string | null)[] {
    return Array.from({ length: PEOPLE }, (_, person) => this.people.get(person)?.held ?? null);
  }
}

const change = record({ person: nat(PEOPLE - 1), wanted: option(constantFrom(...NAMES)) });

test("no user ever has another user's name, and a stand-in name is no true name in its forest", () => {
  check(
    property(array(array(change, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), batches => {
      const place = new Place();
      for (const batch of batches) {
        place.tell(new Map(batch.map(({ person, wanted }) => [person, wanted])));
        const held = place.names.filter(name => name !== null);
        assert.equal(new Set(held).size, held.length, 'a name has one holder');
        for (const [person, { wanted, held }] of place.people) {
          if (wanted === null) assert.equal(held, null, 'who is gone has no name');
          if (held === null || held === wanted) continue;
          const theirs = [...place.people.values()].filter(other => other.wanted === held);
          // A stand-in name belongs to no user of the forest. Users of another forest who want it may not have it yet.
          const own = [...place.people].filter(
            ([other, state]) => state.wanted === held && forestOf(other) === forestOf(person),
          );
          assert.equal(own.length, 0, `${held} is the true name of ${theirs.length} people`);
        }
      }
    }),
  );
});

test('within a forest the result does not depend on the order of the changes', () => {
  const history = array(record({ person: nat(3), wanted: option(constantFrom('a@x', 'b@x', 'c@x')) }), {
    maxLength: 20,
  });
  check(
    property(history, integer({ min: 1, max: 5 }), nat(), (changes, size, seed) => {
      const end = new Map(changes.map(({ person, wanted }) => [person, wanted]));
      const [inOrder, atOnce, shuffled] = [new Place(), new Place(), new Place()];
      for (let i = 0; i < changes.length; i += size)
        inOrder.tell(new Map(changes.slice(i, i + size).map(({ person, wanted }) => [person, wanted])));
      atOnce.tell(end);
      const order = [...end].sort(
        ([a], [b]) => (((a + 1) * (seed % 7919)) % 11) - (((b + 1) * (seed % 7919)) % 11),
      );
      for (const [person, wanted] of order) shuffled.tell(new Map([[person, wanted]]));
      const truly = (place: Place) =>
        [...end]
          .map(([person, wanted]) => [person, wanted !== null && place.people.get(person)?.held === wanted])
          .sort();
      assert.deepEqual(truly(inOrder), truly(atOnce));
      assert.deepEqual(truly(shuffled), truly(atOnce));
    }),
  );
});

test('between forests the first holder keeps a name, and its forest may take it back for 30 days', () => {
  const place = new Place(new Date('2026-12-01T00:00:00Z'));
  place.tell(new Map([[0, 'a@x']]));
  place.tell(new Map([[4, 'a@x']]));
  assert.deepEqual([place.names[0], place.names[4]], ['a@x', null]);
  place.tell(new Map([[0, null]]));
  place.tell(new Map([[4, 'a@x']]));
  assert.equal(place.names[4], null, 'reserved');
  place.tell(new Map([[1, 'a@x']]));
  assert.deepEqual([place.names[1], place.names[4]], ['a@x', null], 'taken back at once');
  place.tell(new Map([[1, 'b@x']]));
  place.reservations.set('a@x', { forest: 'one', until: place.now });
  place.tell(new Map([[4, 'a@x']]));
  assert.equal(place.names[4], 'a@x', 'the 30 days are over');
  place.tell(new Map([[0, 'a@x']]));
  assert.equal(place.names[0], null);
});
