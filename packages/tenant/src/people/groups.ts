import {
  AAD_DC_ADMINISTRATORS,
  GROUPS,
  type GroupMember,
  MAX_PROPOSED,
  type ProposedAdministrator,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { countDecision } from '../changes/change-counter.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { presentUser } from './users.ts';

/** @throws CausewayError 'no-such-group' */
export async function listMembers(scope: TenantScope, group: string): Promise<GroupMember[]> {
  return (await readMembers(scope, existingGroup(group))).map(({ user }) => memberOf(user));
}

/** The members of *AAD DC Administrators* as the managed domain sees them: the longest-standing ones, and the number of the others. */
export async function proposedAdministrators(
  scope: TenantScope,
): Promise<{ members: ProposedAdministrator[]; more: number }> {
  const all = await readMembers(scope, AAD_DC_ADMINISTRATORS);
  const members = all
    .toSorted((a, b) => a.addedAt.getTime() - b.addedAt.getTime() || (a.user.id < b.user.id ? -1 : 1))
    .slice(0, MAX_PROPOSED)
    .map(({ user, addedAt }) => ({
      userId: user.id,
      origin: user.origin,
      forest: user.forest,
      sourceAnchor: user.source_anchor ?? user.id,
      userPrincipalName: user.user_principal_name,
      addedAt: addedAt.toISOString(),
    }));
  return { members, more: all.length - members.length };
}

/** By name. */
async function readMembers(scope: TenantScope, group: string) {
  const rows = await scope
    .select('group_members')
    .select(['user_id', 'added_at'])
    .where('group_name', '=', group)
    .execute();
  if (rows.length === 0) return [];
  const addedAt = new Map(rows.map(row => [row.user_id, row.added_at]));
  const users = await scope
    .select('users')
    .select(['id', 'origin', 'forest', 'source_anchor', 'user_principal_name'])
    .where('deleted_at', 'is', null)
    .where('id', 'in', [...addedAt.keys()])
    .orderBy('upn_key')
    .execute();
  return users.map(user => ({ user, addedAt: addedAt.get(user.id)! }));
}

/** @throws CausewayError 'no-such-group', or as `presentUser` */
export async function addMember(scope: TenantScope, group: string, name: string): Promise<GroupMember> {
  const group_name = existingGroup(group);
  const user = await presentUser(scope, name);
  await scope.transaction(async inside => {
    await countDecision(inside);
    await inside
      .insert('group_members', { group_name, user_id: user.id, added_at: scope.now() })
      .onConflict(conflict => conflict.columns(['tenant_id', 'group_name', 'user_id']).doNothing())
      .execute();
  });
  return memberOf(user);
}

/** @throws CausewayError 'no-such-group', 'no-such-member', or as `presentUser` */
export async function removeMember(scope: TenantScope, group: string, name: string): Promise<GroupMember> {
  const user = await presentUser(scope, name);
  const group_name = existingGroup(group);
  await scope.transaction(async inside => {
    await countDecision(inside);
    const removed = await inside
      .delete('group_members')
      .where('group_name', '=', group_name)
      .where('user_id', '=', user.id)
      .executeTakeFirst();
    if (removed.numDeletedRows > 0n) return;
    throw new CausewayError('no-such-member', `'${user.user_principal_name}' is no member of '${group}'`);
  });
  return memberOf(user);
}

export async function groupsOf(scope: TenantScope, userId: string): Promise<string[]> {
  const rows = await scope
    .select('group_members')
    .select('group_name')
    .where('user_id', '=', userId)
    .orderBy('group_name')
    .execute();
  return rows.map(row => row.group_name);
}

/**
 * Only members of AAD DC Administrators may manage the managed domain, whatever else a user may do here.
 * @throws CausewayError 'not-aad-dc-administrator'
 */
export async function requireDomainAdministrator(scope: TenantScope, userId: string): Promise<void> {
  if ((await groupsOf(scope, userId)).includes(AAD_DC_ADMINISTRATORS)) return;
  throw new CausewayError(
    'not-aad-dc-administrator',
    `managing the managed domain is for members of '${AAD_DC_ADMINISTRATORS}': an administrator of the tenant adds you with causeway tenant group add "${AAD_DC_ADMINISTRATORS}" YOUR-USER-NAME`,
  );
}

function existingGroup(name: string): string {
  const group = GROUPS.find(known => known.toLowerCase() === name.toLowerCase());
  if (group !== undefined) return group;
  throw new CausewayError(
    'no-such-group',
    `there is no group of this name: expected '${GROUPS.join("', '")}'`,
  );
}

const memberOf = (user: { id: string; user_principal_name: string }): GroupMember => ({
  id: user.id,
  userPrincipalName: user.user_principal_name,
});
