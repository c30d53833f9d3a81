import { memberKey } from '@causeway/records';
import { type RawBuilder, sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type Group, isSid, parents } from './memberships.ts';
import { isUuid } from './users.ts';

export interface MembersQuery {
  /** Includes the members of nested groups; below a security group, only those of security groups. */
  readonly nested: boolean;
  /** `next` of the previous page. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Members {
  readonly people: readonly Person[];
  readonly groups: readonly Group[];
  /** References without an object: not here yet, out of scope, of a forest that is not connected, or a SID of two holders. */
  readonly unresolved: readonly string[];
  readonly next: string | undefined;
}

export interface Person {
  readonly id: string;
  readonly user_principal_name: string;
}

/** A reference in a group of this forest; an empty forest means a group of the tenant's own. */
interface Reference {
  readonly reference: string;
  readonly forest: string;
}

/**
 * A page of the members of a group, in the order of their keys. It costs the same for a group of any size. A member that is in nested
 * groups by several references may be on several pages.
 */
export async function membersOf(scope: TenantScope, group: Group, query: MembersQuery): Promise<Members> {
  const read = await readReferences(scope, group, query);
  const page = read.slice(0, query.limit);
  const last = page.at(-1);
  const next = read.length > page.length && last ? `${last.reference} ${last.forest}` : undefined;
  return { ...(await resolve(scope, page)), next };
}

/** One more than fits on the page, if there is one. */
async function readReferences(
  scope: TenantScope,
  group: Group,
  { nested, after = ' ', limit }: MembersQuery,
): Promise<Reference[]> {
  const [reference = '', forest = ''] = after.split(' ');
  const key = reference === '' ? '' : memberKey(reference);
  const { rows } = await scope.run<Reference>(
    tenantId => sql`
      ${below(tenantId, group, nested)}
      select distinct m.key, m.reference, coalesce(g.forest, '') as forest from below b
      join groups g on g.tenant_id = ${tenantId} and g.id = b.id
      cross join lateral (
        select key, reference from memberships
        where tenant_id = ${tenantId} and group_id = b.id and (key, reference) >= (${key}, ${reference})
        order by key, reference limit ${limit + 2}) m
      where (m.key, m.reference, coalesce(g.forest, '')) > (${key}, ${reference}, ${forest})
      order by m.key, m.reference, coalesce(g.forest, '') limit ${limit + 1}`,
  );
  return rows;
}

/** The group and the groups below it, as the rows `below (id)`. Loops end because each group is walked once. */
function below(tenantId: string, { id, security_enabled }: Group, nested: boolean): RawBuilder<unknown> {
  if (!nested) return sql`with below (id) as (select ${id}::uuid)`;
  return sql`with recursive edges (parent, child, security) as materialized (
      select g.id, o.id, o.security from (
        select id, forest, source_anchor as anchor, security_identifier as sid, security_enabled as security from groups
        where tenant_id = ${tenantId} and deleted_at is null) o ${parents(tenantId)}),
    below (id) as (
      select ${id}::uuid union
      select e.child from below b join edges e on e.parent = b.id where e.security or not ${security_enabled})`;
}

async function resolve(scope: TenantScope, page: readonly Reference[]): Promise<Omit<Members, 'next'>> {
  const own = page.filter(({ forest }) => forest === '').map(({ reference }) => reference);
  const others = page.filter(({ forest }) => forest !== '').map(({ reference }) => reference);
  const named = {
    ids: own.filter(isUuid),
    sids: others.filter(isSid),
    anchors: others.filter(one => !isSid(one)),
  };
  const { users, groups } = await findNamed(scope, named);
  const sole = <T extends { readonly security_identifier: string | null }>(objects: readonly T[]): T[] => {
    const holders = Map.groupBy([...users, ...groups].filter(isSynchronized), one => one.security_identifier);
    return objects.filter(one => holders.get(one.security_identifier)?.length === 1);
  };
  const meant = <T extends Named>(objects: readonly T[]) => {
    const byAnchor = new Map(objects.map(one => [`${one.source_anchor} ${one.forest}`, one]));
    const bySid = new Map(sole(objects.filter(isSynchronized)).map(one => [one.security_identifier, one]));
    const byId = new Map(objects.map(one => [one.id, one]));
    return ({ reference, forest }: Reference): T | undefined => {
      if (forest === '') return byId.get(reference);
      return isSid(reference) ? bySid.get(reference) : byAnchor.get(`${reference} ${forest}`);
    };
  };
  const [user, group] = [meant(users), meant(groups.filter(({ deleted_at }) => deleted_at === null))];
  const found = page.map(one => ({ one, user: user(one), group: group(one) }));
  return {
    people: unique(found.flatMap(item => item.user ?? [])),
    groups: unique(found.flatMap(item => item.group ?? [])),
    unresolved: found.filter(item => !item.user && !item.group).map(({ one }) => one.reference),
  };
}

type Named = Pick<Group, 'id' | 'origin' | 'security_identifier' | 'forest'> & {
  source_anchor: string | null;
};

const isSynchronized = ({ origin }: Named): boolean => origin === 'synchronized';

const unique = <T extends { readonly id: string }>(objects: readonly T[]): T[] => [
  ...new Map(objects.map(one => [one.id, one])).values(),
];

/** The undeleted objects that the references may mean. An id that a group of the tenant's own holds never means a synchronized group. */
async function findNamed(
  scope: TenantScope,
  { ids, sids, anchors }: Record<'ids' | 'sids' | 'anchors', readonly string[]>,
) {
  const users = (column: 'id' | 'security_identifier' | 'source_anchor', values: readonly string[]) =>
    scope
      .select('users')
      .select(['id', 'origin', 'forest', 'source_anchor', 'security_identifier', 'user_principal_name'])
      .where('deleted_at', 'is', null)
      .where(sql<boolean>`${sql.ref(column)} = any (${values})`)
      .execute();
  const groups = (column: 'id' | 'security_identifier' | 'source_anchor', values: readonly string[]) =>
    scope
      .select('groups')
      .selectAll()
      .where('deleted_at', 'is', null)
      .where(sql<boolean>`${sql.ref(column)} = any (${values})`)
      .execute();
  const found = {
    users: [
      await users('id', ids),
      await users('security_identifier', sids),
      await users('source_anchor', anchors),
    ],
    groups: [
      await groups('id', ids),
      await groups('security_identifier', sids),
      await groups('source_anchor', anchors),
    ],
  };
  return { users: unique(found.users.flat()), groups: unique(found.groups.flat()) };
}
