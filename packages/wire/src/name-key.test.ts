import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { nameKey, upperCase } from './index.ts';

test('each of the 65,536 units has the upper case that Windows gives it, whatever engine runs', () => {
  const units = Buffer.alloc(2 * 0x1_0000);
  for (let unit = 0; unit < 0x1_0000; unit++)
    units.writeUInt16LE(upperCase(String.fromCharCode(unit)).charCodeAt(0), 2 * unit);
  // Of the table of [MS-UCODEREF], units in order, little endian.
  assert.equal(
    createHash('sha256').update(units).digest('hex'),
    '41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742',
  );
});

test('one unit gives one: no letter becomes two, and ı ſ µ stay', () => {
  for (const same of ['ß', 'ŉ', 'ǰ', 'ﬁ', 'ΐ', 'ı', 'ſ', 'µ', 'ς', 'İ', '\u{10428}'])
    assert.equal(upperCase(same), same);
  assert.equal(upperCase('žofie ÿ Özil ᾳ иван'), 'ŽOFIE Ÿ ÖZIL ᾼ ИВАН');
});

test('names that one of the directories takes for one have one key', () => {
  for (const [a, b] of [
    ['Özil', 'özil'],
    ['JÜRGEN', 'jürgen'],
    ['ИВАН', 'иван'],
    ['Nikolaos', 'NIKOLAOS'],
    ['νίκος', 'ΝίΚΟΣ'],
    ['anne  marie ', ' Anne Marie'],
    ['Özil', 'O\u0308zil'],
  ] as const)
    assert.equal(nameKey(a), nameKey(b), `${a} and ${b}`);
  for (const [a, b] of [
    ['strasse', 'straße'],
    ['ivan', 'ıvan'],
    ['anne', 'änne'],
    ['anna', 'anna1'],
    ['a b', 'ab'],
  ] as const)
    assert.notEqual(nameKey(a), nameKey(b), `${a} and ${b}`);
});

test('a key is its own key', () => {
  check(property(string({ unit: 'binary' }), name => assert.equal(nameKey(nameKey(name)), nameKey(name))));
});
