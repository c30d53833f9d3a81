/**
 * What two names must have in common to be one to the managed domain's directory: upper case, one space for many, none at the ends.
 */
export function nameKey(name: string): string {
  const folded = name.normalize('NFC').replace(/ +/g, ' ').trim();
  return Array.from(folded, upper).join('');
}

/** A letter whose capital is two letters (ß) has none in the directory. */
function upper(letter: string): string {
  const capital = letter.toUpperCase();
  return capital.length === letter.length ? capital : letter;
}
