import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constantFrom, property, uniqueArray } from 'fast-check';
import { decidePlace, type Place, placeOf, placeText, whyNotThere } from './decide-place.ts';

const rules = (include: string[], exclude: string[] = []) => ({
  included: new Map(include.map(guid => [guid, `OU=${guid}`])),
  excluded: new Map(exclude.map(guid => [guid, `OU=${guid}`])),
});
const everywhere = () => true;
const without =
  (...missing: string[]) =>
  (guid: string) =>
    !missing.includes(guid);
const isIn = (...args: Parameters<typeof decidePlace>): boolean => decidePlace(...args).inScope;

test('includes everything but the excluded containers where none is included', () => {
  assert.equal(isIn(rules([], ['a']), ['b', 'root'], everywhere, undefined), true);
  assert.equal(isIn(rules([], ['a']), ['b', 'a', 'root'], everywhere, undefined), false);
});

test('leaves out the rest where a container is included, and lets the nearest container decide', () => {
  const both = rules(['a', 'c'], ['b']);
  assert.equal(isIn(both, ['root'], everywhere, undefined), false);
  assert.equal(isIn(both, ['x', 'a', 'root'], everywhere, undefined), true);
  assert.equal(isIn(both, ['b', 'a', 'root'], everywhere, undefined), false);
  assert.equal(isIn(both, ['c', 'b', 'a', 'root'], everywhere, undefined), true);
});

test('excludes a container that is both included and excluded', () => {
  assert.equal(isIn(rules(['a'], ['a']), ['a'], everywhere, undefined), false);
});

test('keeps the decision for an object whose deciding container is missing now', () => {
  const both = rules(['a'], ['b']);
  const [inA, outB]: Place[] = [
    { inScope: true, by: 'a' },
    { inScope: false, by: 'b' },
  ];
  assert.deepEqual(decidePlace(both, ['root'], without('a'), inA), inA);
  assert.deepEqual(decidePlace(both, ['a', 'root'], without('b'), outB), outB);
  assert.deepEqual(decidePlace(both, ['root'], everywhere, inA), { inScope: false, by: '' }, 'it moved');
});

test('drops the decision of a container that the rules no longer name', () => {
  const before: Place = { inScope: true, by: 'a' };
  assert.deepEqual(decidePlace(rules(['c']), ['root'], without('a'), before), { inScope: false, by: '' });
});

test('holds a new object only where a missing container is an excluded one', () => {
  const waits: Place = { inScope: false, by: '', waits: true };
  assert.deepEqual(decidePlace(rules(['a'], ['b']), ['a'], without('b'), undefined), waits);
  assert.deepEqual(decidePlace(rules(['a'], ['b']), ['a'], without('b'), waits), waits);
  assert.equal(isIn(rules(['a'], ['b']), ['a'], everywhere, waits), true, 'it is there again');
  assert.equal(isIn(rules(['a', 'c']), ['a'], without('c'), undefined), true);
  assert.match(whyNotThere(waits, rules([], ['b']), without('b'))!, /OU=b' is missing/);
});

test('keeps every decision when a container goes missing, whatever the rules and the chain', () => {
  const guid = constantFrom<string>('a', 'b', 'c', 'd');
  const some = uniqueArray(guid);
  check(
    property(some, some, array(guid), some, (include, exclude, chain, missing) => {
      const all = rules(include, exclude);
      const before = decidePlace(all, chain, everywhere, undefined);
      const present = chain.filter(guid => !missing.includes(guid));
      const after = decidePlace(all, present, without(...missing), before);
      if (missing.includes(before.by)) assert.equal(after.inScope, before.inScope);
      else assert.deepEqual(after, before);
      assert.deepEqual(placeOf(placeText(after)), after);
    }),
  );
});
