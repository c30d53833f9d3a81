import { CONFUSABLES } from './table.ts';

/** What looks alike within ASCII already. A capital I is an l to the eye, and case does not count: so i is, too. */
const ASCII: Readonly<Record<string, string>> = { 0: 'o', 1: 'l', i: 'l', '|': 'l', m: 'rn' };
const ALIKE = new Map(
  CONFUSABLES.flatMap(([ascii, letters]) => Array.from(letters, letter => [letter, ascii])),
);

/**
 * What a name looks like, whatever letters it is written with: two names that share a skeleton are one to the eye (UTS #39, section 4).
 * A capital may look like another letter than its small one does, so there are two: with case folded first, and afterwards alone.
 * Only what looks like ASCII is folded: the names that are to be protected are ASCII.
 */
export function skeletons(name: string): string[] {
  // Most names are plain: nothing of them has to be looked up.
  if (/^[ -~]*$/.test(name)) return [alikeInAscii(name)];
  return [name.toLowerCase(), name].map(text => {
    const letters = text.normalize('NFKD').replace(/\p{M}/gu, '');
    const ascii = Array.from(letters, letter => ALIKE.get(letter) ?? letter).join('');
    return alikeInAscii(ascii);
  });
}

const alikeInAscii = (text: string): string =>
  text.toLowerCase().replace(/[01i|m]/g, letter => ASCII[letter]!);
