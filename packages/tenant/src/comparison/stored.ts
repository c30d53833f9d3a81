import { pageThatFits } from '@causeway/api';
import {
  MAX_STORED,
  profileFor,
  type ReplyOf,
  type StoredMembership,
  type storedRoutes,
} from '@causeway/contract';
import { sql } from 'kysely';
import { orderOf } from '../people/password-order.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { slices } from './slices.ts';

type From = { readonly forest: string; readonly after: string };

/** Groups per statement that reads members. */
const GROUPS = 500;

/** The users of a forest as they stand in the table, whoever wrote them: one page, in the order of the anchors. */
export async function readStoredUsers(
  scope: TenantScope,
  { forest, after }: From,
  announced: readonly string[] | undefined,
): Promise<ReplyOf<typeof storedRoutes.readStoredUsers>> {
  const rows = [];
  for await (const slice of slices(scope, after)) {
    const some = await scope
      .select('users')
      .select(['source_anchor', 'object_guid', 'user_principal_name', 'sign_in_name', 'name_problem'])
      .select(['sam_account_name', 'security_identifier', 'account_enabled', 'account_expires', 'profile'])
      .select(['order_epoch', 'order_version', 'order_time', 'order_invocation_id'])
      .select(sql<boolean>`cloud_credential is not null`.as('has_credential'))
      .where(slice)
      .where('forest', '=', forest)
      .where('origin', '=', 'synchronized')
      .where('deleted_at', 'is', null)
      .orderBy('source_anchor')
      .execute();
    rows.push(...some);
    if (rows.length > MAX_STORED) break;
  }
  const users = rows.slice(0, MAX_STORED).map(row => ({
    sourceAnchor: row.source_anchor!,
    objectGuid: row.object_guid,
    userPrincipalName: row.user_principal_name,
    signInName: row.sign_in_name,
    nameProblem: row.name_problem,
    onPremisesSamAccountName: row.sam_account_name,
    onPremisesSecurityIdentifier: row.security_identifier,
    accountEnabled: row.account_enabled,
    accountExpires: timestampOf(row.account_expires),
    profile: profileFor(announced, row.profile),
    passwordOrder: orderOf(row),
    withdrawn: row.order_version !== null && !row.has_credential,
  }));
  const fitting = pageThatFits(users);
  return { users: fitting, more: rows.length > fitting.length };
}

/** The groups of a forest as they stand in the table. */
export async function readStoredGroups(
  scope: TenantScope,
  { forest, after }: From,
): Promise<ReplyOf<typeof storedRoutes.readStoredGroups>> {
  const rows = await scope
    .select('groups')
    .select(['source_anchor', 'object_guid', 'sam_account_name', 'display_name', 'mail'])
    .select(['security_identifier', 'security_enabled', 'scope'])
    .where('source_anchor', '>', after)
    .where('forest', '=', forest)
    .where('origin', '=', 'synchronized')
    .where('deleted_at', 'is', null)
    .orderBy('source_anchor')
    .limit(MAX_STORED + 1)
    .execute();
  const groups = rows.slice(0, MAX_STORED).map(row => ({
    sourceAnchor: row.source_anchor,
    objectGuid: row.object_guid,
    sAMAccountName: row.sam_account_name,
    displayName: row.display_name,
    mail: row.mail,
    objectSid: row.security_identifier,
    securityEnabled: row.security_enabled,
    scope: row.scope,
  }));
  const fitting = pageThatFits(groups);
  return { groups: fitting, more: rows.length > fitting.length };
}

/** The memberships of a forest as they stand in the table: the rest of the group where the previous page ended, then of later groups. */
export async function readStoredMemberships(
  scope: TenantScope,
  { forest, after }: { forest: string; after: StoredMembership | null },
): Promise<ReplyOf<typeof storedRoutes.readStoredMemberships>> {
  const found: StoredMembership[] = [];
  const read = async (groups: readonly { id: string }[], behind: StoredMembership | null): Promise<void> => {
    if (groups.length === 0) return;
    const isBehind = behind ? sql`(key, reference) > (${behind.key}, ${behind.member})` : sql`true`;
    // Group by group, each by its index, to read no more than needed.
    const { rows } = await scope.run<StoredMembership>(
      tenantId => sql`
        select g.source_anchor as "sourceAnchor", m.key, m.reference as member
        from (select id, source_anchor from groups where tenant_id = ${tenantId} and id = any(${groups.map(({ id }) => id)}::uuid[])
            order by source_anchor offset 0) g
          cross join lateral (select key, reference from memberships
            where tenant_id = ${tenantId} and group_id = g.id and ${isBehind}
            order by key, reference limit ${MAX_STORED + 1}) m
        order by g.source_anchor, m.key, m.reference limit ${MAX_STORED + 1 - found.length}`,
    );
    found.push(...rows);
  };
  if (after) {
    const same = await groupsOf(scope, forest).where('source_anchor', '=', after.sourceAnchor).execute();
    await read(same, after);
  }
  for (let behind = after?.sourceAnchor ?? ''; found.length <= MAX_STORED; ) {
    const groups = await groupsOf(scope, forest).where('source_anchor', '>', behind).execute();
    await read(groups, null);
    const last = groups.at(-1);
    if (groups.length < GROUPS || last === undefined) break;
    behind = last.source_anchor;
  }
  return { memberships: found.slice(0, MAX_STORED), more: found.length > MAX_STORED };
}

/** The first undeleted groups of a forest, in the order of their anchors. */
const groupsOf = (scope: TenantScope, forest: string) =>
  scope
    .select('groups')
    .select(['id', 'source_anchor'])
    .where('forest', '=', forest)
    .where('origin', '=', 'synchronized')
    .where('deleted_at', 'is', null)
    .orderBy('source_anchor')
    .limit(GROUPS);

/** Null for a time that no forest can have sent: PostgreSQL has years above 9999, and infinity. */
function timestampOf(date: Date | null): string | null {
  return date instanceof Date && date.getUTCFullYear() <= 9999 ? date.toISOString() : null;
}
