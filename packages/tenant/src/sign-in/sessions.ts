import type { Provider } from 'oidc-provider';
import { findUserById, maySignIn } from '../people/users.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** What a sign-in says to oidc-provider, and what a session keeps of it. */
export interface SignInResult {
  readonly accountId: string;
  /** The user's `session_epoch` when the password was checked. */
  readonly epoch: number;
}

/** Lets sessions keep the epoch that they were opened in: oidc-provider stores the properties named here, and no others. */
export function keepEpochs(provider: Provider): void {
  const kept = provider.Session.IN_PAYLOAD;
  Object.defineProperty(provider.Session, 'IN_PAYLOAD', { value: [...kept, 'epoch'] });
}

/**
 * Whether the session that stands there is one still. Codes and access tokens are bound to their session, and end with it.
 *
 * INVARIANT: what ended once does not come back. A trigger moves the epoch with everything that ends sessions. An expiry is found here, at the next use;
 * moving its date afterwards moves the epoch, too. A session of a release that kept no epoch is over: nobody knows which password opened it.
 */
export async function isOpen(scope: TenantScope, session: Partial<SignInResult>): Promise<boolean> {
  if (session.accountId === undefined) return true; // nobody has signed in with it yet
  const user = await findUserById(scope, session.accountId);
  return user !== undefined && user.session_epoch === session.epoch && maySignIn(user, scope.now());
}
