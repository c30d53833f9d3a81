import type { Provider } from 'oidc-provider';
import { findUserById, maySignIn } from '../people/users.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** What a sign-in tells oidc-provider, and what a session keeps of it. */
export interface SignInResult {
  readonly accountId: string;
  /** The user's `session_epoch` when the password was checked. */
  readonly epoch: number;
}

/** Lets sessions keep the epoch in which they were opened: oidc-provider stores the properties named here, and no others. */
export function keepEpochs(provider: Provider): void {
  const kept = provider.Session.IN_PAYLOAD;
  Object.defineProperty(provider.Session, 'IN_PAYLOAD', { value: [...kept, 'epoch'] });
}

/**
 * Whether the session is still valid. Codes and access tokens are bound to their session, and end with it.
 *
 * INVARIANT: what ended once does not come back. A trigger moves the epoch with everything that ends sessions. An expiry is found here, at
 * the next use; moving its date afterwards moves the epoch, too. A session of a release without epochs is over: nobody knows which password
 * opened it.
 */
export async function isOpen(scope: TenantScope, session: Partial<SignInResult>): Promise<boolean> {
  if (session.accountId === undefined) return true; // no user has signed in with it yet
  const user = await findUserById(scope, session.accountId);
  return user !== undefined && user.session_epoch === session.epoch && maySignIn(user, scope.now());
}
