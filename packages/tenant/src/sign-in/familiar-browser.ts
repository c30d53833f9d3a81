import { randomBytes, timingSafeEqual } from 'node:crypto';
import { keyedDigest } from '../tenancy/digest.ts';

/**
 * A cookie that lists the accounts in which this browser has signed in: a random identifier, and for each account
 * a MAC over both under the tenant's key. It opens nothing. It only gives the browser a failure counter of its
 * own, so that a stranger's guesses lock out strangers and not the account's owner.
 */
export const FAMILIAR_COOKIE = 'causeway_known';
export const FAMILIAR_SECONDS = 365 * 86_400;

const COOKIE = /^[A-Za-z0-9_-]{22}(\.[A-Za-z0-9_-]{22}){1,5}$/;
const MAX_ACCOUNTS = 5;

/** The browser's identifier, if it has signed in to this account before. */
export function familiarSource(
  cookie: string | undefined,
  digestKey: string,
  accountKey: string,
): string | undefined {
  if (cookie === undefined || !COOKIE.test(cookie)) return undefined;
  const [id, ...macs] = cookie.split('.') as [string, ...string[]];
  const expected = Buffer.from(keyedDigest(digestKey, 'known', id, accountKey));
  return macs.some(mac => timingSafeEqual(Buffer.from(mac), expected)) ? id : undefined;
}

/** The cookie after a sign-in to this account. Drops the oldest account when there are too many. */
export function rememberBrowser(cookie: string | undefined, digestKey: string, accountKey: string): string {
  const known = cookie !== undefined && COOKIE.test(cookie) ? cookie.split('.') : [];
  const id = known[0] ?? randomBytes(16).toString('base64url');
  const mac = keyedDigest(digestKey, 'known', id, accountKey);
  const others = known.slice(1).filter(other => other !== mac);
  return [id, mac, ...others.slice(0, MAX_ACCOUNTS - 1)].join('.');
}
