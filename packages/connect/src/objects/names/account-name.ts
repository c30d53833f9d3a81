import { isAccountName, MAX_USER_NAME } from '@causeway/wire';
import type { AccountNames } from '../../configuration.ts';
import type { StoredAttributes } from '../../store/space-object.ts';
import { first } from '../attributes.ts';

/**
 * What an account is called in the managed domain. Whoever has no `mailNickname`, or one that no user's account can have (too long, or with
 * characters that a directory refuses), goes on with the name that is valid on-premises.
 */
export function accountName(attributes: StoredAttributes, by: AccountNames = 'sAMAccountName'): string {
  const nickname = by === 'mailNickname' ? first(attributes, by) : undefined;
  return nickname !== undefined && canServe(nickname)
    ? nickname
    : (first(attributes, 'sAMAccountName') ?? 'unknown');
}

/** With an `@` in it, it would be a userPrincipalName to whoever signs in. */
const canServe = (name: string): boolean =>
  name.length <= MAX_USER_NAME && isAccountName(name) && !name.includes('@');
