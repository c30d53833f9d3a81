import type { UserStatus } from '@causeway/contract';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import type { User } from './users.ts';

type Manager = NonNullable<UserStatus['manager']>;

/** The managers of some users, by the users' ids: those whom the forest names and who are here. */
export async function managersOf(
  scope: TenantScope,
  users: readonly User[],
): Promise<ReadonlyMap<string, Manager>> {
  const anchors = [...new Set(users.flatMap(({ profile }) => profile.manager ?? []))];
  if (anchors.length === 0) return new Map();
  const found = await scope
    .select('users')
    .select(['id', 'forest', 'source_anchor', 'user_principal_name'])
    .where('source_anchor', 'in', anchors)
    .where('origin', '=', 'synchronized')
    .where('deleted_at', 'is', null)
    .execute();
  const managers = new Map<string, Manager>();
  for (const { id, forest, profile } of users) {
    const one = found.find(other => other.forest === forest && other.source_anchor === profile.manager);
    if (one) managers.set(id, { id: one.id, userPrincipalName: one.user_principal_name });
  }
  return managers;
}
