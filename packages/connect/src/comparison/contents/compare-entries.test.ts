import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareEntries, type Entry, type Password, passwordText, type Side } from './compare-entries.ts';

const entry = (key: string, rest: Partial<Entry> = {}): Entry => ({
  key,
  name: key,
  attributes: {},
  ...rest,
});
const whole = (...entries: Entry[]): Side<Entry> => ({ entries, upTo: undefined });
const password = (version: number, rest: Partial<Password> = {}): Password => ({
  order: { version, originatingTime: 13_000_000_000, originatingInvocationId: 'dc' },
  withdrawn: false,
  ...rest,
});
const found = (ours: Side<Entry>, theirs: Side<Entry>) =>
  compareEntries(ours, theirs).found.map(({ what, isPassword, attributes, ours: here, theirs: there }) =>
    [(here ?? there)!.key, isPassword ? 'password' : '', what, ...attributes.map(({ name }) => name)].join(
      ' ',
    ),
  );

test('finds objects that only one side has, and attributes that differ', () => {
  const ours = whole(
    entry('a'),
    entry('b', { attributes: { enabled: true, mail: null, name: 'x' } }),
    entry('d', { attributes: { mail: null } }),
  );
  const theirs = whole(
    entry('b', { attributes: { enabled: false, mail: 'm', name: 'x', more: 'of a newer tenant' } }),
    entry('c'),
    entry('d'),
  );
  assert.deepEqual(found(ours, theirs), ['a  only-here', 'b  differs enabled mail', 'c  only-there']);
});

test('leaves out an attribute that Connect does not state', () => {
  const ours = entry('a', { attributes: { name: undefined, mail: null } });
  assert.deepEqual(found(whole(ours), whole(entry('a', { attributes: { name: 'former' } }))), []);
});

test('compares passwords by their whole order, and by whether they were withdrawn', () => {
  const compare = (here: Entry['password'], there: Entry['password']) =>
    found(whole(entry('a', { password: here! })), whole(entry('a', { password: there! })))[0];
  const withdrawn = password(2, { withdrawn: true });
  const other = (order: Partial<Password['order']>) => ({
    ...password(2),
    order: { ...password(2).order, ...order },
  });
  for (const [here, there, what] of [
    [password(2), password(2), undefined],
    [password(2), other({ epoch: 1 }), 'differs'],
    [password(2), other({ originatingTime: 13_000_000_001 }), 'differs'],
    [password(2), other({ originatingTime: Number.MAX_SAFE_INTEGER }), 'differs'],
    [password(2), other({ originatingInvocationId: 'other' }), 'differs'],
    [password(2), password(3), 'differs'],
    [password(2), withdrawn, 'differs'],
    [password(2), null, 'only-here'],
    [withdrawn, null, 'only-here'],
    [null, password(2), 'only-there'],
    [null, withdrawn, undefined],
    [null, null, undefined],
    ['not read yet', password(2), undefined],
  ] as const)
    assert.equal(compare(here, there), what && `a password ${what} password`, JSON.stringify([here, there]));
  assert.equal(passwordText(withdrawn), 'withdrawn: version 2 of 2012-12-14T23:06:40Z, from dc');
  const unread = entry('a', { password: 'not read yet' });
  assert.equal(compareEntries(whole(unread, entry('b')), whole()).unread, 1);
});

test('reports a different account and a different password of one user separately', () => {
  const [ours, theirs] = [true, false].map((enabled, n) =>
    entry('a', { attributes: { enabled }, password: password(n) }),
  );
  assert.deepEqual(found(whole(ours!), whole(theirs!)), [
    'a  differs enabled',
    'a password differs password',
  ]);
});

/** Reads a side as the comparison does: a page of entries behind a key. */
function pageOf(all: readonly Entry[], after: string, most: number): Side<Entry> {
  const behind = all.filter(({ key }) => key > after);
  const entries = behind.slice(0, most);
  return { entries, upTo: behind.length > most ? entries.at(-1)!.key : undefined };
}

const Entries = fc
  .uniqueArray(fc.tuple(fc.nat(30), fc.nat(2)), { selector: ([key]) => key })
  .map(some =>
    some
      .map(([key, value]) => entry(String(key).padStart(2, '0'), { attributes: { value: String(value) } }))
      .sort((one, other) => (one.key < other.key ? -1 : 1)),
  );

test('finds each difference once and reaches the end, whatever pages both sides are read in', () => {
  fc.assert(
    fc.property(
      Entries,
      Entries,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 7 }),
      (ours, theirs, own, their) => {
        const all: string[] = [];
        let counts = [0, 0];
        let after: string | undefined = '';
        for (let pages = 0; after !== undefined; pages++) {
          assert.ok(pages <= 80, 'it goes in circles');
          const page: [Side<Entry>, Side<Entry>] = [pageOf(ours, after, own), pageOf(theirs, after, their)];
          all.push(...found(...page));
          const { here, there, upTo } = compareEntries(...page);
          counts = [counts[0]! + here, counts[1]! + there];
          after = upTo;
        }
        assert.deepEqual(counts, [ours.length, theirs.length]);
        const by = (side: readonly Entry[]) => new Map(side.map(each => [each.key, each.attributes.value]));
        const [here, there] = [by(ours), by(theirs)];
        const keys = [...new Set([...here.keys(), ...there.keys()])].sort();
        const expected = keys.flatMap(key => {
          if (!there.has(key)) return [`${key}  only-here`];
          if (!here.has(key)) return [`${key}  only-there`];
          return here.get(key) === there.get(key) ? [] : [`${key}  differs value`];
        });
        assert.deepEqual(all, expected);
      },
    ),
  );
});
