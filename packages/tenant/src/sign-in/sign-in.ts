import { isStorable } from '@causeway/contract';
import type { Log } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import type { TenantKeys } from '../database/schema.ts';
import { MAX_CHECKED_BYTES } from '../people/passwords.ts';
import { MAX_NAME_LENGTH } from '../people/sign-in-names.ts';
import { findUserByName, maySignIn, type User } from '../people/users.ts';
import { keyedDigest } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { familiarSource, rememberBrowser } from './familiar-browser.ts';
import { settleAttempt, UNFAMILIAR } from './lockout.ts';
import { checkPassword } from './password-check.ts';

export interface SignInRequest {
  readonly name: string;
  readonly password: string;
  /** The cookie of familiar browsers, as received. */
  readonly familiarCookie: string | undefined;
  readonly address: string;
}

/** Who signed in. INVARIANT: a user with a temporary password must change it next, and gets no token before. */
export interface SignedIn {
  readonly user: User;
  readonly familiarCookie: string;
}

/** The key under which failures of a name are counted. It is keyed because people type passwords where names belong. */
export function counterKey(keys: TenantKeys, name: string): string {
  return keyedDigest(keys.digestKey, 'account', nameKey(name));
}

/**
 * Signs a user in, or rejects them without a reason: an unknown, disabled, expired or locked user, one without a
 * password and one with a wrong password take the same steps, one PBKDF2 among them, and get the same answer.
 */
export async function signIn(
  scope: TenantScope,
  keys: TenantKeys,
  request: SignInRequest,
  log: Log,
): Promise<SignedIn | undefined> {
  // A name that the database cannot hold belongs to no user.
  const fits =
    request.name.length <= MAX_NAME_LENGTH &&
    isStorable(request.name) &&
    Buffer.byteLength(request.password) <= MAX_CHECKED_BYTES;
  const name = fits ? request.name : '';
  const password = fits ? request.password : '';
  const key = counterKey(keys, name);
  const source = familiarSource(request.familiarCookie, keys.digestKey, key);

  const user = await findUserByName(scope, name);
  const now = scope.now();
  const check = await checkPassword(user?.cloud_credential ?? null, password, key, keys.digestKey);
  // An empty password opens nothing, whatever is stored, and costs what every other attempt costs.
  const right = check.right && password !== '' && user !== undefined && maySignIn(user, now);
  const attempt = { right, mark: check.mark };
  const outcome = await settleAttempt(scope, key, source ?? UNFAMILIAR, attempt, now);

  const event = {
    tenant: scope.tenantName,
    userId: user?.id,
    address: request.address,
    familiar: source !== undefined,
  };
  if (outcome !== 'accepted' || !user) {
    log.warn({ ...event, locked: outcome === 'locked' }, 'sign-in refused');
    return undefined;
  }
  log.info(event, 'sign-in accepted');
  return { user, familiarCookie: rememberBrowser(request.familiarCookie, keys.digestKey, key) };
}
