import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bitsOf,
  coversEverybody,
  decidingSlice,
  divideMembers,
  generateSigningKey,
  isBelow,
  keyRange,
  liveSlices,
  MAX_PREFIX_LENGTH,
  MAX_RECORD_LENGTH,
  memberKey,
  prefixesOf,
  type Slice,
} from './index.ts';
import { MEMBERS, signedMembers } from './testing/groups.ts';

const anchors = (count: number, seed = 0): string[] =>
  Array.from({ length: count }, (_, n) => {
    const bytes = Buffer.alloc(16, seed);
    bytes.writeUInt32LE(n);
    return bytes.toString('base64');
  });

test("the key of a member is the beginning of its reference's SHA-256, as computed by sha256sum", () => {
  for (const [reference, key] of [
    ['Y0JR4wZL0RGrBADAT8LNxg==', '04e8cf866b2af3c6'],
    ['S-1-5-21-2000478354-1708537768-1957994488-1105', 'f7853ac13ae07f25'],
  ] as const)
    assert.equal(memberKey(reference), key);
});

test('the bits of a key match those of a prefix, with leading zeros', () => {
  assert.equal(bitsOf('00000001ffffffff'), `${'0'.repeat(31)}1`);
  assert.equal(bitsOf('a5f0000000000000'), '10100101111100000000000000000000');
  assert.equal(bitsOf('ffffffff00000000'), '1'.repeat(32));
  const prefixes = prefixesOf('a5f0000000000000');
  assert.deepEqual([prefixes.length, ...prefixes.slice(0, 4)], [MAX_PREFIX_LENGTH + 1, '', '1', '10', '101']);
  assert.equal(prefixes.at(-1), bitsOf('a5f0000000000000'));
});

test('a range has the first and the last key below a prefix', () => {
  for (const [prefix, from, to] of [
    ['', '0000000000000000', 'ffffffffffffffff'],
    ['0', '0000000000000000', '7fffffffffffffff'],
    ['1', '8000000000000000', 'ffffffffffffffff'],
    ['10100', 'a000000000000000', 'a7ffffffffffffff'],
    ['1'.repeat(32), 'ffffffff00000000', 'ffffffffffffffff'],
    [`${'0'.repeat(31)}1`, '0000000100000000', '00000001ffffffff'],
  ] as const)
    assert.deepEqual(keyRange(prefix), [from, to]);
});

const key = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 16, maxLength: 16 })
  .map(digits => digits.join(''));
const bits = (most: number) =>
  fc.array(fc.constantFrom('0', '1'), { maxLength: most }).map(all => all.join(''));

test('a key is below a prefix if it is within its range', () => {
  fc.assert(
    fc.property(key, bits(MAX_PREFIX_LENGTH), fc.nat(MAX_PREFIX_LENGTH), (key, other, length) => {
      for (const prefix of [other, bitsOf(key).slice(0, length)]) {
        const [from, to] = keyRange(prefix);
        assert.equal(isBelow(prefix, key), from <= key && key <= to);
        assert.equal(isBelow(prefix, key), prefixesOf(key).includes(prefix));
      }
    }),
  );
});

/** Whether the prefixes partition what is below the first: they cover it, and none is below another. */
function divides(prefix: string, prefixes: string[]): boolean {
  if (prefixes.length === 1) return prefixes[0] === prefix;
  return ['0', '1'].every(bit => {
    const below = prefixes.filter(one => one.startsWith(prefix + bit));
    return below.length > 0 && divides(prefix + bit, below);
  });
}

test('a list that fits is one slice, in the order of a record, each member once', () => {
  assert.deepEqual([...divideMembers('', [])], [['', []]]);
  const [b, a] = ['b', 'a'];
  assert.deepEqual([...divideMembers('', [b, a, b])], [['', [a, b]]]);
  assert.deepEqual(
    divideMembers('', anchors(350)).size,
    1,
    'some 350 members are some 10 kB: what one changed member costs',
  );
  assert.equal(divideMembers('', anchors(400)).size, 2);
});

test('reuses known keys', () => {
  const keys = new Map(['a', 'b'].map(reference => [reference, memberKey(reference)]));
  const asked: string[] = [];
  const keyOf = (reference: string): string => {
    asked.push(reference);
    return keys.get(reference)!;
  };
  assert.deepEqual(divideMembers('', keys.keys(), keyOf), divideMembers('', keys.keys()));
  assert.deepEqual(asked, ['a', 'b']);
});

test('puts no member outside the prefix into its slices', () => {
  const all = anchors(2000);
  const slices = divideMembers('01', all);
  const below = all.filter(reference => isBelow('01', memberKey(reference)));
  assert.ok(below.length > 350 && divides('01', [...slices.keys()]));
  assert.deepEqual([...slices.values()].flat().sort(), below.sort());
});

test('does not divide a longest prefix further', () => {
  const [reference] = anchors(1) as [string];
  const prefix = bitsOf(memberKey(reference));
  assert.deepEqual([...divideMembers(prefix, [reference])], [[prefix, [reference]]]);
});

test('a division covers everything, each member below its own prefix, and each slice can be signed', () => {
  const signer = generateSigningKey();
  const reference = fc.oneof(
    fc.uuid().map(guid => Buffer.from(guid.replaceAll('-', ''), 'hex').toString('base64')),
    fc.nat(2 ** 31).map(rid => `S-1-5-21-4294967295-4294967294-4294967293-${rid}`),
    fc.string({
      minLength: 1,
      maxLength: 256,
      unit: fc.constantFrom('€', '"', '\\', '𝄞'[0]! + '𝄞'[1]!, 'a'),
    }),
  );
  fc.assert(
    fc.property(bits(4), fc.array(reference, { maxLength: 1500, size: 'max' }), (prefix, references) => {
      const slices = divideMembers(prefix, references);
      assert.ok(divides(prefix, [...slices.keys()]));
      const told = new Set<string>();
      for (const [prefix, members] of slices) {
        for (const member of members) {
          assert.ok(isBelow(prefix, memberKey(member)));
          told.add(member);
        }
        assert.ok(signedMembers(signer, { prefix, members }).length <= MAX_RECORD_LENGTH);
      }
      for (const reference of references)
        assert.equal(told.has(reference), isBelow(prefix, memberKey(reference)));
    }),
    { numRuns: 40 },
  );
});

test('signs a full slice, whatever its other fields hold', () => {
  const signer = generateSigningKey();
  const longest = {
    tenant: '€'.repeat(128),
    forest: '€'.repeat(255),
    sourceAnchor: '€'.repeat(256),
    sequence: Number.MAX_SAFE_INTEGER,
  };
  const longSid = (n: number): string => `S-1-0x123456789abc${`-${4_000_000_000 + n}`.repeat(15)}`;
  const lists = {
    anchors: anchors(5000),
    'long SIDs': Array.from({ length: 500 }, (_, n) => longSid(n)),
    'long anchors': Array.from({ length: 500 }, (_, n) => `${'€'.repeat(250)}${n}`),
    'the shortest references': Array.from({ length: 5000 }, (_, n) =>
      String.fromCharCode(48 + (n >> 6), 48 + (n & 0x3f)),
    ),
  };
  for (const [what, references] of Object.entries(lists)) {
    const slices = [...divideMembers('', references)];
    for (const [prefix, members] of slices)
      assert.ok(signedMembers(signer, { ...longest, prefix, members }).length <= MAX_RECORD_LENGTH, what);
    assert.equal(slices.flatMap(([, members]) => members).length, references.length, what);
  }
  assert.equal(longSid(1).length <= 184, true, 'as long as a SID can be');
  assert.deepEqual(MEMBERS.members, MEMBERS.members.toSorted());
});

test('divides a group of 250,000 into well-filled slices', () => {
  const slices = divideMembers('', anchors(250_000));
  const counts = [...slices.values()].map(({ length }) => length);
  assert.ok(Math.max(...counts) <= 370 && slices.size <= 1024 + 512, `${slices.size} slices`);
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    250_000,
  );
});

/** Slices of a short history, each with its own sequence, in the order of signing. */
const histories = fc
  .array(bits(5), { maxLength: 24 })
  .map(prefixes => prefixes.map((prefix, n): Slice => ({ prefix, sequence: n + 1 })));
/** One key in each part that slices of five bits can distinguish. */
const KEYS = Array.from({ length: 32 }, (_, n) => (n * 8).toString(16).padStart(2, '0').padEnd(16, '0'));

/** By the rule *newest wins*, without the package. */
function newestOver(slices: readonly Slice[], key: string): Slice | undefined {
  const covering = slices.filter(({ prefix }) => bitsOf(key).startsWith(prefix));
  return covering.toSorted((a, b) => b.sequence - a.sequence)[0];
}
const byPrefix = (slices: readonly Slice[]) => new Map(slices.map(slice => [slice.prefix, slice]));
const sorted = (slices: readonly Slice[]) => slices.toSorted((a, b) => a.sequence - b.sequence);

test('a slice is live while it decides about any member', () => {
  const slice = (prefix: string, sequence: number): Slice => ({ prefix, sequence });
  const liveOf = (...slices: Slice[]) => sorted(liveSlices(slices)).map(({ sequence }) => sequence);
  assert.deepEqual(liveOf(), []);
  assert.deepEqual(liveOf(slice('', 1)), [1]);
  assert.deepEqual(liveOf(slice('', 1), slice('', 2)), [2]);
  assert.deepEqual(liveOf(slice('', 1), slice('0', 2)), [1, 2], 'the rest of all is still in the first');
  assert.deepEqual(liveOf(slice('', 1), slice('0', 2), slice('1', 3)), [2, 3]);
  assert.deepEqual(liveOf(slice('', 1), slice('0', 2), slice('10', 3), slice('11', 4)), [2, 3, 4]);
  assert.deepEqual(liveOf(slice('0', 1), slice('', 2)), [2], 'a shorter one that is newer');
  assert.deepEqual(liveOf(slice('00', 1), slice('01', 3), slice('0', 2)), [2, 3]);
  assert.deepEqual(liveOf(slice('01', 7)), [7], 'beside which nobody has told anything');
});

test('the live slices do not depend on the order in which slices come', () => {
  const shuffled = histories.chain(slices =>
    fc.tuple(fc.constant(slices), fc.shuffledSubarray(slices, { minLength: slices.length })),
  );
  fc.assert(
    fc.property(shuffled, ([slices, others]) =>
      assert.deepEqual(sorted(liveSlices(others)), sorted(liveSlices(slices))),
    ),
  );
});

test('the live slices do not depend on whether others were dropped on the way', () => {
  const shuffled = histories.chain(slices =>
    fc.tuple(fc.constant(slices), fc.shuffledSubarray(slices, { minLength: slices.length })),
  );
  fc.assert(
    fc.property(shuffled, ([slices, others]) => {
      let kept: Slice[] = [];
      for (const slice of others) kept = liveSlices([...kept, slice]);
      assert.deepEqual(sorted(kept), sorted(liveSlices(slices)));
    }),
  );
});

test('the live slices do not depend on whether those older than a deletion were dropped before or after', () => {
  fc.assert(
    fc.property(histories, fc.nat(24), (slices, deleted) => {
      const newer = (some: readonly Slice[]) => some.filter(({ sequence }) => sequence > deleted);
      assert.deepEqual(sorted(newer(liveSlices(slices))), sorted(liveSlices(newer(slices))));
    }),
  );
});

test('live slices are those that decide about a key, and the newest that covers a key decides about it', () => {
  fc.assert(
    fc.property(histories, slices => {
      const live = liveSlices(slices);
      const newest = KEYS.map(key => newestOver(slices, key));
      assert.deepEqual(
        KEYS.map(key => decidingSlice(byPrefix(live), key)),
        newest,
      );
      // For each prefix a place keeps the newest one.
      assert.deepEqual(
        KEYS.map(key => decidingSlice(byPrefix(slices), key)),
        newest,
      );
      assert.deepEqual(new Set(live), new Set(newest.filter(slice => slice !== undefined)));
    }),
  );
});

test('a group whose slices once covered every member always covers every member', () => {
  fc.assert(
    fc.property(histories, slices => {
      const live = byPrefix(liveSlices([{ prefix: '', sequence: 0.5 }, ...slices]));
      for (const key of KEYS) assert.ok(decidingSlice(live, key));
    }),
  );
});

test('one newer and shorter slice replaces all live slices of a large group', () => {
  const old = [...divideMembers('', anchors(100_000)).keys()].map((prefix, n) => ({
    prefix,
    sequence: n + 1,
  }));
  const shorter = { prefix: '', sequence: 1_000_000 };
  assert.equal(liveSlices(old).length, old.length);
  assert.deepEqual(liveSlices([...old, shorter]), [shorter]);
});

test('slices cover every member if they leave no prefix out', () => {
  assert.equal(coversEverybody([]), false);
  assert.equal(coversEverybody(['']), true);
  assert.equal(coversEverybody(['0', '10']), false);
  assert.equal(coversEverybody(['0', '10', '11']), true);
});
