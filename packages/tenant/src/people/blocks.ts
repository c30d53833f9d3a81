import { countDecision } from '../changes/change-counter.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { endTokens, refuseLastAdministrator } from './administrators.ts';
import { existingUser, type User } from './users.ts';

/**
 * Blocks a user's web sign-in and ends all sessions, or unblocks the user. Only this tenant decides it: no password, no export and no
 * return of a deleted user changes it.
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
