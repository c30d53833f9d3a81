import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nameKey } from '@causeway/wire';

// Which letters Samba takes for one, by its own comparison of all units, beside the keys that names have here.

/** Sorts all units by Samba's comparison and prints those that it calls equal, a line for each class. */
const ASK_SAMBA = `
import functools
from samba import strcasecmp_m as compare
units = sorted((chr(u) for u in range(1, 0x10000) if not 0xd800 <= u < 0xe000), key=functools.cmp_to_key(compare))
group = units[:1]
for before, unit in zip(units, units[1:] + [None]):
    if unit is not None and compare(before, unit) == 0:
        group.append(unit)
        continue
    if len(group) > 1:
        print(' '.join('%x' % ord(u) for u in group))
    group = [unit]
`;

/**
 * Where Windows' table has a pair and Samba 4.17's, of an older Unicode, has none. Two such names are one here and two there: on the safe
 * side, as the second person gets five digits, or waits for the name.
 */
const LATER_THAN_SAMBA: readonly (readonly [first: number, last: number])[] = [
  [0x0180, 0x0180], // Latin Extended-B: Ƀ
  [0x0195, 0x01bf], // Ƕ Ƚ Ƞ Ʀ Ƿ
  [0x01f6, 0x024f], // Ǹ to Ɏ
  [0x0250, 0x028c], // IPA: Ɐ Ɑ Ɫ Ɱ Ɽ Ʉ Ʌ
  [0x0370, 0x037d], // Greek, archaic
  [0x03cf, 0x03fb], // Greek symbols, Coptic
  [0x0400, 0x045d], // Ѐ Ѝ
  [0x048a, 0x0523], // Cyrillic, historic and of minorities
  [0x10a0, 0x10c5], // Georgian
  [0x1d79, 0x1d7d], // phonetic
  [0x1efa, 0x1eff], // Middle Welsh
  [0x1f80, 0x1ffc], // Greek with iota
  [0x2132, 0x2184], // Ⅎ Ↄ
  [0x2c00, 0x2ce3], // Glagolitic, Latin C, Coptic
  [0x2d00, 0x2d25], // Georgian
  [0xa640, 0xa78c], // Cyrillic B, Latin D
];

test('whatever Samba takes for one letter is one in a name, and where more is one the difference is known', () => {
  const output = execFileSync('/usr/bin/python3', ['-c', ASK_SAMBA], { encoding: 'utf8' });
  const classes = output.trim().split('\n');
  assert.ok(classes.length > 600, `${classes.length} classes`);
  const samba = new Map<string, string>();
  for (const line of classes) {
    const letters = line.split(' ').map(hex => String.fromCharCode(Number.parseInt(hex, 16)));
    for (const letter of letters) {
      samba.set(letter, line);
      assert.equal(nameKey(letter), nameKey(letters[0]!), line);
    }
  }
  const unknown = (unit: number): boolean =>
    LATER_THAN_SAMBA.some(([first, last]) => unit >= first && unit <= last);
  for (let unit = 1; unit < 0x1_0000; unit++) {
    const letter = String.fromCharCode(unit);
    const upper = nameKey(letter);
    // Composed and decomposed letters are one here alone: a directory never folds them.
    if (letter === ' ' || upper === letter || letter.normalize('NFC') !== letter) continue;
    const same = samba.get(letter) !== undefined && samba.get(letter) === samba.get(upper);
    assert.ok(same || unknown(unit), `U+${unit.toString(16)} is ${upper} here, and two letters to Samba`);
  }
});
