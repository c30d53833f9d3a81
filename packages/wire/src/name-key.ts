import { upperCase } from './upper-case.ts';

/**
 * The key of an account name or principal name: names with one key are one name to Active Directory or to Samba, so that nobody gets
 * a name that another one's directory takes for somebody else's.
 *
 * Case is Windows' own (`upperCase`), with the one fold that Samba has beyond it: a final sigma is a sigma. Spaces are folded as
 * Samba compares strings in its directory: none around, one between. Composed and decomposed letters are the same; the key is in NFC.
 */
export function nameKey(name: string): string {
  const folded = name.replace(/^ +| +$/g, '').replace(/ {2,}/g, ' ');
  // Taken apart first: "i̇", which is what JavaScript makes of "İ", and letters whose capital is two (ǰ) have one key in each spelling.
  return upperCase(folded.normalize('NFD').replaceAll('ς', 'σ')).normalize('NFC');
}
