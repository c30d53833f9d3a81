import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import type { Group } from './memberships.ts';

/**
 * Names of groups for an application. A synchronized group is `DOMAIN\sAMAccountName`, where DOMAIN is the first label of its forest's DNS
 * name in upper case. A group of the tenant's own has its display name.
 *
 * INVARIANT: no forest can make a group whose name here is that of another forest's. If two forests share the label, both use the whole DNS
 * name. If several groups share a name, their ids replace it.
 */
export async function namesOfGroups(scope: TenantScope, groups: readonly Group[]): Promise<string[]> {
  const labels = await sharedLabels(scope);
  const several = await sharedNames(scope, groups);
  return groups.map(({ id, origin, forest, sam_account_name: name, display_name: displayName }) => {
    if (origin === 'cloud') return displayName ?? id;
    if (forest === null || name === null || several.has(keyOf(forest, name))) return id;
    const label = labelOf(forest);
    if (!labels.has(label)) return `${label.toUpperCase()}\\${name}`;
    // A forest whose whole name is that label would get the same name as the other one had.
    return forest === label ? id : `${forest}\\${name}`;
  });
}

const labelOf = (forest: string): string => forest.split('.', 1)[0]!;
const keyOf = (forest: string, name: string): string => `${forest}\\${name.toLowerCase()}`;

/** First labels that several forests with groups here share. Deleted groups count, too: what an application knows outlives a group. */
async function sharedLabels(scope: TenantScope): Promise<Set<string>> {
  const rows = await scope
    .select('groups')
    .select('forest')
    .distinct()
    .where('forest', 'is not', null)
    .execute();
  const byLabel = Map.groupBy(rows, ({ forest }) => labelOf(forest!));
  return new Set([...byLabel].filter(([, forests]) => forests.length > 1).map(([label]) => label));
}

/** Names that several undeleted groups of one forest share, in different domains of it. */
async function sharedNames(scope: TenantScope, groups: readonly Group[]): Promise<Set<string>> {
  const named = groups.flatMap(({ sam_account_name: name }) => (name === null ? [] : [name]));
  if (named.length === 0) return new Set();
  const rows = await scope
    .select('groups')
    .select(['forest', 'sam_account_name'])
    .where('deleted_at', 'is', null)
    .where('origin', '=', 'synchronized')
    .where(sql<boolean>`lower(sam_account_name) in (select lower(name) from unnest(${named}::text[]) name)`)
    .execute();
  const byKey = Map.groupBy(rows, row => keyOf(row.forest!, row.sam_account_name!));
  return new Set([...byKey].filter(([, same]) => same.length > 1).map(([key]) => key));
}
