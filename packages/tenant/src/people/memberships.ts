import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { GroupsTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

export type Group = Selectable<GroupsTable>;

/** A page in some order; `after` is the id, or for references the reference, of the last entry of the previous page. */
export interface PageQuery {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** How a reference by SID begins. Every other one is an anchor, or an id in a group of the tenant's own. */
const SID_PREFIX = 'S-1-5-21-%';

export const isSid = (reference: string): boolean => reference.startsWith('S-1-5-21-');

/**
 * INVARIANT: a SID identifies an object only while exactly one undeleted synchronized object has it. With two holders
 * it identifies neither.
 */
function solely(tenantId: string, sid: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`(${sid} like ${SID_PREFIX} and 1 = (select count(*) from (
    (select 1 from users holder where holder.tenant_id = ${tenantId} and holder.security_identifier = ${sid}
      and holder.deleted_at is null and holder.origin = 'synchronized' limit 2)
    union all
    (select 1 from groups holder where holder.tenant_id = ${tenantId} and holder.security_identifier = ${sid}
      and holder.deleted_at is null and holder.origin = 'synchronized' limit 2)) holders))`;
}

export interface WalkUp {
  /** Only security groups; a distribution group passes nothing on from the groups that it is in. */
  readonly securityOnly: boolean;
  /** Groups of groups, too. */
  readonly transitive: boolean;
}

/**
 * The undeleted groups `g` that an object `o (id, forest, anchor, sid)` is in directly. Each step has to be an index look-up after the
 * previous one (`lateral`, `offset 0`), because an embedded database does not know how large its tables are, and would guess.
 */
export function parents(tenantId: string): RawBuilder<unknown> {
  const named = (by: RawBuilder<unknown>) =>
    sql`select group_id, reference from memberships where tenant_id = ${tenantId} and reference = ${by}`;
  return sql`
    cross join lateral (
      ${named(sql`o.anchor`)} union all ${named(sql`o.sid`)} union all ${named(sql`o.id::text`)} offset 0) m
    cross join lateral (
      select id, origin, forest, source_anchor, security_identifier, security_enabled from groups
      where tenant_id = ${tenantId} and id = m.group_id and deleted_at is null offset 0) g
    where case when g.origin = 'cloud' then m.reference = o.id::text
      when m.reference like ${SID_PREFIX} then m.reference = o.sid and ${solely(tenantId, sql`o.sid`)}
      else m.reference = o.anchor and g.forest = o.forest end`;
}

/** The groups that a user is in, as the rows `walk (id, …)`. Loops end because each group is walked once. */
function walkUp(tenantId: string, userId: string, { securityOnly, transitive }: WalkUp): RawBuilder<unknown> {
  // The collation of users' anchors differs from that of the index on references.
  const start = sql`select id, forest, source_anchor collate "default" as anchor, security_identifier as sid from users
    where tenant_id = ${tenantId} and id = ${userId} and deleted_at is null`;
  const step = (from: string) => sql`
    select g.id, g.forest, g.source_anchor, g.security_identifier from ${sql.ref(from)} o ${parents(tenantId)}
      and (g.security_enabled or not ${securityOnly})`;
  return transitive
    ? sql`with recursive walk (id, forest, anchor, sid) as (${start} union ${step('walk')})`
    : sql`with start as (${start}), walk (id, forest, anchor, sid) as materialized (${step('start')})`;
}

/** The name that people see for a group. */
const SHOWN = sql`coalesce(g.display_name, g.sam_account_name, g.source_anchor)`;
const ORDER = sql`lower(${SHOWN}), g.id`;

/** The groups after that one, in the order of their names. */
function afterGroup(tenantId: string, after: string | undefined): RawBuilder<boolean> {
  if (after === undefined) return sql`true`;
  return sql`(${ORDER}) > (select ${ORDER} from groups g where g.tenant_id = ${tenantId} and g.id = ${after})`;
}

/** The undeleted groups that an undeleted user is in, by name. */
export async function groupsOfUser(
  scope: TenantScope,
  userId: string,
  query: WalkUp & PageQuery,
): Promise<Group[]> {
  const { rows } = await scope.run<Group>(
    tenantId => sql`
      ${walkUp(tenantId, userId, query)}
      select g.* from groups g where g.tenant_id = ${tenantId} and g.id in (select id from walk)
        and ${afterGroup(tenantId, query.after)}
      order by ${ORDER} limit ${query.limit}`,
  );
  return rows;
}

/** Whether a user has the rights of a group: is in it directly, or through nested security groups. */
export async function isInSecurityGroup(
  scope: TenantScope,
  userId: string,
  groupId: string,
): Promise<boolean> {
  const walk = { securityOnly: true, transitive: true };
  const { rows } = await scope.run(
    tenantId => sql`${walkUp(tenantId, userId, walk)} select 1 from walk where id = ${groupId}`,
  );
  return rows.length > 0;
}

/** @param query.search part of a name or of the mail address, in any case */
export async function listGroups(
  scope: TenantScope,
  query: PageQuery & { readonly search?: string | undefined },
): Promise<Group[]> {
  const found = (column: string) =>
    sql`position(lower(${query.search}) in lower(coalesce(${sql.ref(`g.${column}`)}, ''))) > 0`;
  const { rows } = await scope.run<Group>(
    tenantId => sql`
      select g.* from groups g where g.tenant_id = ${tenantId} and g.deleted_at is null
        and ${afterGroup(tenantId, query.after)}
        and ${query.search === undefined ? sql`true` : sql`(${found('display_name')} or ${found('sam_account_name')} or ${found('mail')})`}
      order by ${ORDER} limit ${query.limit}`,
  );
  return rows;
}
