import { createHash } from 'node:crypto';
import { MAX_USER_NAME } from '@causeway/wire';

const DIGITS = 5;

/**
 * The first 15 characters of a name and 5 hex digits of the anchor's SHA-256. The result is the same for every call.
 * @param max the greatest length of the whole name
 */
export function nameWithDigits(wanted: string, anchor: string, max = MAX_USER_NAME): string {
  const digits = createHash('sha256').update(anchor).digest('hex').slice(0, DIGITS);
  // Does not cut a surrogate pair in two. The rest ends neither in a space nor in a dot.
  const head = wanted
    .slice(0, max - DIGITS)
    .replace(/[\uD800-\uDBFF]$/, '')
    .replace(/[ .]+$/, '');
  return `${head}${digits}`;
}

/** The account name of a user who can have no other: 20 hex digits of the objectGUID. A larger `n` gives further names. */
export function nameOfGuid(objectGuid: string, n: number): string {
  const digits =
    n === 0
      ? objectGuid.replaceAll('-', '').toLowerCase()
      : createHash('sha256').update(`${objectGuid}/${n}`).digest('hex');
  return digits.slice(0, MAX_USER_NAME);
}
