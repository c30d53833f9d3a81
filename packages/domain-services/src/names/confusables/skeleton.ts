import { CONFUSABLES } from './table.ts';

/** What looks alike within ASCII. A capital I looks like an l, and case does not count, so i counts as one, too. */
const ASCII: Readonly<Record<string, string>> = { 0: 'o', 1: 'l', i: 'l', '|': 'l', m: 'rn' };
const ALIKE = new Map(
  CONFUSABLES.flatMap(([ascii, letters]) => Array.from(letters, letter => [letter, ascii])),
);

/**
 * What a name looks like, whatever letters it is written with: two names that share a skeleton look the same (UTS #39, section 4). A
 * capital may look like another letter than its lower-case form, so there are two: one with case folded first, and one with case folded
 * last. Only look-alikes of ASCII are folded, because the protected names are ASCII.
 */
export function skeletons(name: string): string[] {
  // Most names are plain ASCII and need no lookup.
  if (/^[ -~]*$/.test(name)) return [alikeInAscii(name)];
  return [name.toLowerCase(), name].map(text => {
    const letters = text.normalize('NFKD').replace(/\p{M}/gu, '');
    const ascii = Array.from(letters, letter => ALIKE.get(letter) ?? letter).join('');
    return alikeInAscii(ascii);
  });
}

const alikeInAscii = (text: string): string =>
  text.toLowerCase().replace(/[01i|m]/g, letter => ASCII[letter]!);
