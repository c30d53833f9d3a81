import { isAccountName, MAX_USER_NAME } from '@causeway/wire';
import type { AccountNames } from '../../configuration.ts';
import type { StoredAttributes } from '../../store/space-object.ts';
import { first } from '../attributes.ts';

/**
 * The name of an account in the managed domain. A user without a `mailNickname`, or with one that no user's account can have (too long, or
 * with characters that a directory refuses), keeps the on-premises name.
 */
export function accountName(attributes: StoredAttributes, by: AccountNames = 'sAMAccountName'): string {
  const nickname = by === 'mailNickname' ? first(attributes, by) : undefined;
  return nickname !== undefined && canServe(nickname)
    ? nickname
    : (first(attributes, 'sAMAccountName') ?? 'unknown');
}

/** A name with an `@` would be taken for a userPrincipalName at sign-in. */
const canServe = (name: string): boolean =>
  name.length <= MAX_USER_NAME && isAccountName(name) && !name.includes('@');
