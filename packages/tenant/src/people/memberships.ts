import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { GroupsTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

export type Group = Selectable<GroupsTable>;

/** A page in an order; `after` is the id, or for references the reference, of the last one of the page before. */
export interface PageQuery {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What a reference by SID begins with; every other one is an anchor, or in a group of the tenant's own an id. */
const SID_PREFIX = 'S-1-5-21-%';

/** INVARIANT: a SID is whose it is alone while one living synchronized object has it; of two holders it is nobody. */
function solely(tenantId: string, sid: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`(${sid} like ${SID_PREFIX} and 1 = (select count(*) from (
    (select 1 from users holder where holder.tenant_id = ${tenantId} and holder.security_identifier = ${sid}
      and holder.deleted_at is null and holder.origin = 'synchronized' limit 2)
    union all
    (select 1 from groups holder where holder.tenant_id = ${tenantId} and holder.security_identifier = ${sid}
      and holder.deleted_at is null and holder.origin = 'synchronized' limit 2)) holders))`;
}

export interface WalkUp {
  /** Security groups alone; and a distribution group gives nothing by what it is in. */
  readonly securityOnly: boolean;
  /** Groups of groups, too. */
  readonly transitive: boolean;
}

/** The groups that a user is in, as the rows `walk (id, …)`; loops end because a group is walked once. */
function walkUp(tenantId: string, userId: string, { securityOnly, transitive }: WalkUp): RawBuilder<unknown> {
  const sid = (object: string) => {
    const of = sql.ref(`${object}.security_identifier`);
    return sql`case when ${solely(tenantId, of)} then ${of} end`;
  };
  const start = sql`
    select u.id, u.forest, u.source_anchor as anchor, ${sid('u')} as sid from users u
    where u.tenant_id = ${tenantId} and u.id = ${userId} and u.deleted_at is null`;
  // The fence (offset 0) has the index on references asked for each object: no scan of all memberships, whatever is estimated.
  const step = (from: string) => sql`
    select g.id, g.forest, g.source_anchor, ${sid('g')} from ${sql.ref(from)} o
    cross join lateral (select group_id, reference from memberships
      where tenant_id = ${tenantId} and reference = any (array[o.anchor, o.sid, o.id::text]) offset 0) m
    join groups g on g.tenant_id = ${tenantId} and g.id = m.group_id
    where g.deleted_at is null and (g.security_enabled or not ${securityOnly})
      and case when g.origin = 'cloud' then m.reference = o.id::text
        when m.reference like ${SID_PREFIX} then m.reference = o.sid
        else m.reference = o.anchor and g.forest = o.forest end`;
  return transitive
    ? sql`with recursive walk (id, forest, anchor, sid) as (${start} union ${step('walk')})`
    : sql`with start as (${start}), walk (id, forest, anchor, sid) as (${step('start')})`;
}

/** What people call a group. */
const SHOWN = sql`coalesce(g.display_name, g.sam_account_name, g.source_anchor)`;
const ORDER = sql`lower(${SHOWN}), g.id`;

/** The groups behind that one, in the order of their names. */
function afterGroup(tenantId: string, after: string | undefined): RawBuilder<boolean> {
  if (after === undefined) return sql`true`;
  return sql`(${ORDER}) > (select ${ORDER} from groups g where g.tenant_id = ${tenantId} and g.id = ${after})`;
}

/** The living groups that a living user is in, by name. */
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

/** Whether a user has the rights of a group: is in it, if need be by nested security groups. */
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

/** @param query.search what stands in a name or in the mail address, in any case */
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

/**
 * The memberships of a group, as the rows `below (id, origin, forest)`: of itself, and of the groups in it. Below a security group nothing
 * is walked through a distribution group.
 */
function walkDown(tenantId: string, group: Group, nested: boolean): RawBuilder<unknown> {
  const self = sql`select g.id, g.origin, g.forest from groups g where g.tenant_id = ${tenantId} and g.id = ${group.id}`;
  if (!nested) return sql`with below (id, origin, forest) as (${self})`;
  return sql`with recursive below (id, origin, forest) as (
    ${self}
    union
    select g.id, g.origin, g.forest from below b
    join memberships m on m.tenant_id = ${tenantId} and m.group_id = b.id
    join (${namedGroups(tenantId)}) named on named.reference = m.reference
    join groups g on g.tenant_id = ${tenantId} and g.id = named.id
    where ${isMeant(tenantId)} and (g.security_enabled or not ${group.security_enabled}))`;
}

/** Every group by each of the references that may stand for it; of a SID, `place` is null. */
function namedGroups(tenantId: string): RawBuilder<unknown> {
  return sql`
    select id, source_anchor as reference, coalesce(forest, '') as place from groups
      where tenant_id = ${tenantId} and deleted_at is null
    union all
    select id, security_identifier, null from groups
      where tenant_id = ${tenantId} and deleted_at is null and origin = 'synchronized'`;
}

/** Whether the reference `m` of the group `b` stands for the group `named`. */
function isMeant(tenantId: string): RawBuilder<boolean> {
  return sql`case
    when named.place is null then b.origin = 'synchronized' and ${solely(tenantId, sql`m.reference`)}
    else named.place = coalesce(b.forest, '') and (b.origin = 'cloud' or m.reference not like ${SID_PREFIX}) end`;
}

/** The people of the memberships `b`, `m`; some of them several times. */
function people(tenantId: string): RawBuilder<unknown> {
  const memberships = sql`below b join memberships m on m.tenant_id = ${tenantId} and m.group_id = b.id`;
  const living = sql`u.tenant_id = ${tenantId} and u.deleted_at is null`;
  return sql`
    select u.id, m.reference from ${memberships} join users u on ${living} and u.source_anchor = m.reference and u.forest = b.forest
      where b.origin = 'synchronized' and m.reference not like ${SID_PREFIX}
    union all
    select u.id, m.reference from ${memberships} join users u on ${living} and u.security_identifier = m.reference and u.origin = 'synchronized'
      where b.origin = 'synchronized' and ${solely(tenantId, sql`m.reference`)}
    union all
    select u.id, m.reference from ${memberships} join users u on ${living}
      and u.id = case when b.origin = 'cloud' then m.reference::uuid end`;
}

export interface WalkDown extends PageQuery {
  /** The members of the groups in it, too. */
  readonly nested: boolean;
}

export interface PersonInGroup {
  readonly id: string;
  readonly user_principal_name: string;
}

/** The living people in a group, by sign-in name. */
export async function membersOf(scope: TenantScope, group: Group, query: WalkDown): Promise<PersonInGroup[]> {
  const { rows } = await scope.run<PersonInGroup>(
    tenantId => sql`
      ${walkDown(tenantId, group, query.nested)}, members as (${people(tenantId)})
      select id, user_principal_name from users where tenant_id = ${tenantId} and id in (select id from members)
        and ${query.after === undefined ? sql`true` : sql`upn_key > (select upn_key from users where tenant_id = ${tenantId} and id = ${query.after})`}
      order by upn_key limit ${query.limit}`,
  );
  return rows;
}

/** The living groups in a group, by name; a group that a loop leads back to is in itself. */
export async function groupsInGroup(scope: TenantScope, group: Group, query: WalkDown): Promise<Group[]> {
  const { rows } = await scope.run<Group>(
    tenantId => sql`
      ${walkDown(tenantId, group, query.nested)}
      select g.* from groups g where g.tenant_id = ${tenantId} and ${afterGroup(tenantId, query.after)} and g.id in (
        select named.id from below b
        join memberships m on m.tenant_id = ${tenantId} and m.group_id = b.id
        join (${namedGroups(tenantId)}) named on named.reference = m.reference
        where ${isMeant(tenantId)})
      order by ${ORDER} limit ${query.limit}`,
  );
  return rows;
}

/** References in the group itself that stand for nobody: not here yet, out of scope, of a forest that is not connected, or a SID of two holders. */
export async function unresolvedIn(scope: TenantScope, group: Group, query: PageQuery): Promise<string[]> {
  const { rows } = await scope.run<{ reference: string }>(
    tenantId => sql`
      ${walkDown(tenantId, group, false)}, members as (${people(tenantId)})
      select m.reference from below b
      join memberships m on m.tenant_id = ${tenantId} and m.group_id = b.id
      where ${query.after === undefined ? sql`true` : sql`m.reference > ${query.after}`}
        and m.reference not in (select reference from members)
        and not exists (select 1 from (${namedGroups(tenantId)}) named
          where named.reference = m.reference and ${isMeant(tenantId)})
      order by m.reference limit ${query.limit}`,
  );
  return rows.map(({ reference }) => reference);
}
