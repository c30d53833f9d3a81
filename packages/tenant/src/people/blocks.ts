import { countDecision } from '../changes/change-counter.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { endTokens, refuseLastAdministrator } from './administrators.ts';
import { existingUser, type User } from './users.ts';

/**
 * Keeps a user out of web sign-in and ends what is open, or lets the user in again. It is this tenant's word alone: no password, no export and no
 * return of a deleted person touches it.
 * @throws CausewayError 'no-such-user' or 'last-administrator'
 */
export function setBlocked(scope: TenantScope, name: string, blocked: boolean): Promise<User> {
  return scope.transaction(async inside => {
    await countDecision(inside);
    const user = await existingUser(inside, name);
    const blocked_at = blocked ? (user.blocked_at ?? inside.now()) : null;
    await refuseLastAdministrator(inside, user, { ...user, blocked_at });
    await inside.update('users').set({ blocked_at }).where('id', '=', user.id).execute();
    if (blocked) await endTokens(inside, user.id);
    return user;
  });
}
