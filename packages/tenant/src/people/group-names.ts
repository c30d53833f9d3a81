import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import type { Group } from './memberships.ts';

/**
 * What an application is told of groups by name: `DOMAIN\sAMAccountName` of a synchronized one, where DOMAIN is the first label of its forest's
 * DNS name in upper case, and the display name of one of the tenant's own.
 *
 * INVARIANT: no forest can make a group whose name here is that of another forest's. So where two forests have one label, both are called by the
 * whole DNS name; and of a name that several groups have, their ids stand in its place.
 */
export async function namesOfGroups(scope: TenantScope, groups: readonly Group[]): Promise<string[]> {
  const labels = await sharedLabels(scope);
  const several = await sharedNames(scope, groups);
  return groups.map(({ id, origin, forest, sam_account_name: name, display_name: displayName }) => {
    if (origin === 'cloud') return displayName ?? id;
    if (forest === null || name === null || several.has(keyOf(forest, name))) return id;
    const label = labelOf(forest);
    if (!labels.has(label)) return `${label.toUpperCase()}\\${name}`;
    // A forest whose whole name is that label would be called as the other one was.
    return forest === label ? id : `${forest}\\${name}`;
  });
}

const labelOf = (forest: string): string => forest.split('.', 1)[0]!;
const keyOf = (forest: string, name: string): string => `${forest}\\${name.toLowerCase()}`;

/** First labels that several of the forests have whose groups are here, deleted ones too: what an application knows outlives a group. */
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

/** Names that several living groups of one forest have, in different domains of it. */
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
