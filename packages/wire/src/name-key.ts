import { upperCase } from './upper-case.ts';

/**
 * The key of an account name or principal name. Names with the same key are the same name to Active Directory or to Samba, so that no user
 * gets a name that a directory takes for another user's.
 *
 * Case is Windows' own (`upperCase`), with Samba's one additional fold: a final sigma is a sigma. Spaces are folded as Samba compares
 * strings in its directory: none around, one between. Composed and decomposed letters are the same; the key is in NFC.
 */
export function nameKey(name: string): string {
  const folded = name.replace(/^ +| +$/g, '').replace(/ {2,}/g, ' ');
  // Decomposed first: "i̇", which JavaScript makes of "İ", and letters whose capital is two (ǰ) then have one key in each spelling.
  return upperCase(folded.normalize('NFD').replaceAll('ς', 'σ')).normalize('NFC');
}
