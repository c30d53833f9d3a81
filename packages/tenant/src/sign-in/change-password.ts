import type { Log } from '@causeway/service';
import type { TenantKeys } from '../database/schema.ts';
import { setChosenPassword } from '../people/cloud-users.ts';
import { passwordProblem } from '../people/passwords.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { FAILURE_TEXT } from './pages.ts';
import { type SignedIn, type SignInRequest, signIn } from './sign-in.ts';

export interface PasswordChange extends SignInRequest {
  readonly newPassword: string;
  readonly repeated: string;
}

export type ChangeOutcome =
  | { readonly changed: true; readonly signedIn: SignedIn }
  /** A message for the user. */
  | { readonly changed: false; readonly problem: string };

/**
 * Changes a cloud-only user's password if they know the current one. It is a sign-in: it counts, locks, costs and
 * logs like one. Before it has succeeded, it reveals nothing about the account or the new password.
 */
export async function changePassword(
  scope: TenantScope,
  keys: TenantKeys,
  request: PasswordChange,
  log: Log,
): Promise<ChangeOutcome> {
  const signedIn = await signIn(scope, keys, request, log);
  if (!signedIn) return { changed: false, problem: FAILURE_TEXT };
  const { user } = signedIn;
  if (user.origin !== 'cloud') {
    return {
      changed: false,
      problem: 'Your password is changed in the network of your organization, not here.',
    };
  }
  if (request.newPassword !== request.repeated) {
    return { changed: false, problem: 'The new password and its repetition are not the same.' };
  }
  const problem = passwordProblem(request.newPassword, request.password, user.user_principal_name);
  if (problem !== undefined) return { changed: false, problem };
  const session_epoch = await setChosenPassword(scope, user, request.newPassword);
  if (session_epoch === undefined) {
    return { changed: false, problem: 'Your password was changed by somebody else just now. Try again.' };
  }
  log.info({ tenant: scope.tenantName, userId: user.id, address: request.address }, 'password changed');
  return { changed: true, signedIn: { ...signedIn, user: { ...user, session_epoch } } };
}
