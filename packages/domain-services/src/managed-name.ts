import { createHash } from 'node:crypto';
import { isProtectedName } from './protected.ts';

/** [MS-ADA3] 2.222 and [MS-SAMR]: a user's sAMAccountName has at most 20 characters. */
export const MAX_USER_NAME = 20;
const SUFFIX_LENGTH = 5;

/** Who has a name in the managed domain: nobody, another synchronized account, or somebody else. */
export type NameHolder = 'nobody' | 'ours' | 'foreign';

/**
 * The sAMAccountName in the managed domain: the on-premises one, or, where that is too long or another
 * synchronized account has it, its first 15 characters and 5 hex digits of the anchor's SHA-256, which is the
 * same at every try. A name that the account had before is taken again while it is free, so that who was deleted
 * and comes back is called as before.
 * @param before the name that it had, one of `possibleNames`
 * @returns the name, or who stands in its way
 */
export function managedName(
  wanted: string,
  anchor: string,
  holderOf: (name: string) => NameHolder,
  before?: string,
): { name: string } | { heldBy: 'ours' | 'foreign' } {
  if (before !== undefined && holderOf(before) === 'nobody') return { name: before };
  const plain = wanted.length <= MAX_USER_NAME;
  const holder = plain ? holderOf(wanted) : 'ours';
  if (holder === 'nobody') return { name: wanted };
  if (holder === 'foreign') return { heldBy: holder };
  const name = suffixedName(wanted, anchor);
  const second = isProtectedName(name) ? 'foreign' : holderOf(name);
  return second === 'nobody' ? { name } : { heldBy: second };
}

/** Both names that an account may have here: they are kept when they fit, so that nothing is renamed back and forth. */
export function possibleNames(wanted: string, anchor: string): string[] {
  const suffixed = suffixedName(wanted, anchor);
  return wanted.length <= MAX_USER_NAME ? [wanted, suffixed] : [suffixed];
}

function suffixedName(wanted: string, anchor: string): string {
  const digits = createHash('sha256').update(anchor).digest('hex').slice(0, SUFFIX_LENGTH);
  const room = MAX_USER_NAME - SUFFIX_LENGTH;
  // A surrogate pair is not cut in two, and what is left neither ends in a space nor in a dot.
  const head = wanted
    .slice(0, room)
    .replace(/[\uD800-\uDBFF]$/, '')
    .replace(/[ .]+$/, '');
  return `${head}${digits}`;
}
