import { randomUUID } from 'node:crypto';
import { AAD_DC_ADMINISTRATORS, GROUPS, type GroupStatus } from '@causeway/contract';
import { memberKey } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { sql } from 'kysely';
import { type Counter, lockCounter } from '../changes/change-counter.ts';
import { changes } from '../changes/change-signal.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { recordGroup, recordMembers } from './cloud-group-records.ts';
import type { Group } from './memberships.ts';
import { isUuid, presentUser, type User } from './users.ts';

const LIST = "'causeway tenant groups list' shows them";

export const isSpecialGroup = (name: string): boolean =>
  GROUPS.some(known => known.toLowerCase() === name.toLowerCase());

/**
 * An undeleted group by id, or by a display name that no other one has.
 * @throws CausewayError 'no-such-group', 'several-groups', or 'special-group' for a group that is not kept among these
 */
export async function existingGroup(scope: TenantScope, name: string): Promise<Group> {
  if (isSpecialGroup(name)) {
    throw new CausewayError(
      'special-group',
      `'${AAD_DC_ADMINISTRATORS}' takes people alone, is in no group, and is for the managed domain: see 'causeway tenant group members'`,
    );
  }
  const found = (await groupById(scope, name)) ?? (await groupByName(scope, name));
  if (found) return found;
  throw new CausewayError(
    'no-such-group',
    `there is no group of this id or display name: expected '${GROUPS.join("', '")}' or another one (${LIST})`,
  );
}

/** A group that gives rights. @throws CausewayError as `existingGroup`, or 'distribution-group' */
export async function existingSecurityGroup(scope: TenantScope, name: string): Promise<Group> {
  const group = await existingGroup(scope, name);
  if (group.security_enabled) return group;
  throw new CausewayError(
    'distribution-group',
    `'${name}' is a distribution group, which gives nobody any right: a security group expected`,
  );
}

async function groupById(scope: TenantScope, id: string): Promise<Group | undefined> {
  if (!isUuid(id)) return undefined;
  return living(scope).where('id', '=', id).executeTakeFirst();
}

async function groupByName(scope: TenantScope, name: string): Promise<Group | undefined> {
  const groups = await living(scope).where(hasName(name)).orderBy('id').limit(10).execute();
  if (groups.length < 2) return groups[0];
  const which = groups.map(
    ({ id, forest }) => `${id} ${forest === null ? "of the tenant's own" : `of ${forest}`}`,
  );
  throw new CausewayError(
    'several-groups',
    `several groups are called '${name}': give the id of the one you mean (${which.join(', ')})`,
  );
}

const living = (scope: TenantScope) => scope.select('groups').selectAll().where('deleted_at', 'is', null);
const hasName = (name: string) => sql<boolean>`lower(display_name) = lower(${name})`;

/** @throws CausewayError as `existingGroup`, or 'synchronized-group' */
async function existingOwnGroup(inside: TenantScope, name: string): Promise<Group> {
  const group = await existingGroup(inside, name);
  if (group.origin === 'cloud') return group;
  throw new CausewayError(
    'synchronized-group',
    `the group '${group.display_name ?? group.id}' is synchronized from ${group.forest}, which alone says what it is called and who is in it`,
  );
}

/** Changes groups of the tenant's own, under the lock of the tenant's changes. It counts even if it changes nothing. */
async function change<T>(
  scope: TenantScope,
  work: (inside: TenantScope, counter: Counter) => Promise<T>,
): Promise<T> {
  const done = await scope.transaction(async inside => {
    const counter = await lockCounter(inside);
    counter.next();
    const result = await work(inside, counter);
    await counter.save();
    return result;
  });
  changes.emit(scope.tenantId);
  return done;
}

/**
 * Makes a security group of the tenant's own.
 * @throws CausewayError 'group-exists' or 'bad-group-name'
 */
export function createGroup(scope: TenantScope, displayName: string): Promise<Group> {
  return change(scope, async (inside, counter) => {
    await refuseName(inside, displayName, undefined);
    const id = randomUUID();
    const own = { id, origin: 'cloud' as const, forest: null, source_anchor: id, security_enabled: true };
    const group = await inside
      .insert('groups', { ...own, display_name: displayName, created_at: scope.now() })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordGroup(inside, group, counter);
    await recordMembers(inside, id, counter);
    return group;
  });
}

/** @throws CausewayError as `existingGroup`, 'synchronized-group', 'group-exists' or 'bad-group-name' */
export function renameGroup(scope: TenantScope, name: string, displayName: string): Promise<Group> {
  return change(scope, async (inside, counter) => {
    const { id } = await existingOwnGroup(inside, name);
    await refuseName(inside, displayName, id);
    const group = await inside
      .update('groups')
      .set({ display_name: displayName })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordGroup(inside, group, counter);
    return group;
  });
}

/** Deletes a group for good, with its members and its memberships. @throws CausewayError as `existingGroup`, or 'synchronized-group' */
export function deleteGroup(scope: TenantScope, name: string): Promise<Group> {
  return change(scope, async (inside, counter) => {
    const group = await existingOwnGroup(inside, name);
    await inside.delete('memberships').where('group_id', '=', group.id).execute();
    await forgetMember(inside, group.id);
    await inside.update('groups').set({ deleted_at: scope.now() }).where('id', '=', group.id).execute();
    await recordGroup(inside, group, counter, true);
    return group;
  });
}

/**
 * Takes an object that is deleted for good out of the tenant's own groups. Slices stay as they were signed: nothing else ever gets that id.
 */
export async function forgetMember(inside: TenantScope, id: string): Promise<void> {
  await inside.delete('memberships').where('reference', '=', id).execute();
}

/**
 * INVARIANT: applications know the tenant's own groups by name, so each name is unique, and none looks like one of a forest
 * (`DOMAIN\name`).
 */
async function refuseName(inside: TenantScope, name: string, own: string | undefined): Promise<void> {
  if (name.includes('\\') || isUuid(name.toLowerCase()) || isSpecialGroup(name)) {
    throw new CausewayError(
      'bad-group-name',
      `'${name}' cannot be the name of a group of the tenant's own: choose one without a backslash that is neither an id nor '${AAD_DC_ADMINISTRATORS}'`,
    );
  }
  const holder = await living(inside)
    .where('origin', '=', 'cloud')
    .where(hasName(name))
    .where('id', 'is distinct from', own ?? null)
    .executeTakeFirst();
  if (!holder) return;
  throw new CausewayError(
    'group-exists',
    `there is a group '${name}' of the tenant's own already (${holder.id})`,
  );
}

/** Puts a user into a group of the tenant's own; idempotent. @throws CausewayError as `existingOwnGroup` or `presentUser` */
export function addPerson(scope: TenantScope, group: string, name: string): Promise<User> {
  return change(scope, async (inside, counter) => {
    const { id } = await existingOwnGroup(inside, group);
    const user = await presentUser(inside, name);
    await insertMember(inside, counter, id, user.id);
    return user;
  });
}

/** @throws CausewayError as `addPerson`, or 'no-such-member' */
export function removePerson(scope: TenantScope, group: string, name: string): Promise<User> {
  return change(scope, async (inside, counter) => {
    const { id } = await existingOwnGroup(inside, group);
    const user = await presentUser(inside, name);
    if (!(await deleteMember(inside, counter, id, user.id))) throw noMember(user.user_principal_name, group);
    return user;
  });
}

/** Puts a group of the tenant's own into another one; idempotent. @throws CausewayError as `existingOwnGroup`, or 'synchronized-member' */
export function addNestedGroup(scope: TenantScope, group: string, name: string): Promise<Group> {
  return change(scope, async (inside, counter) => {
    const { id } = await existingOwnGroup(inside, group);
    const member = await existingGroup(inside, name);
    if (member.origin === 'synchronized') {
      throw new CausewayError(
        'synchronized-member',
        `the group '${member.display_name ?? member.id}' is synchronized from ${member.forest}, and a group of the tenant's own takes people and groups of the tenant's own alone: what the forest puts into its group would be in this one, too, and no forest could take the group back`,
      );
    }
    await insertMember(inside, counter, id, member.id);
    return member;
  });
}

/** @throws CausewayError as `existingOwnGroup`, or 'no-such-member' */
export function removeNestedGroup(scope: TenantScope, group: string, name: string): Promise<Group> {
  return change(scope, async (inside, counter) => {
    const { id } = await existingOwnGroup(inside, group);
    const member = await existingGroup(inside, name);
    if (!(await deleteMember(inside, counter, id, member.id)))
      throw noMember(member.display_name ?? member.id, group);
    return member;
  });
}

async function insertMember(
  inside: TenantScope,
  counter: Counter,
  group_id: string,
  reference: string,
): Promise<void> {
  const inserted = await inside
    .insert('memberships', { group_id, key: memberKey(reference), reference })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows) await recordMembers(inside, group_id, counter, reference);
}

async function deleteMember(
  inside: TenantScope,
  counter: Counter,
  group_id: string,
  reference: string,
): Promise<boolean> {
  const deleted = await inside
    .delete('memberships')
    .where('group_id', '=', group_id)
    .where('reference', '=', reference)
    .executeTakeFirst();
  if (deleted.numDeletedRows > 0n) await recordMembers(inside, group_id, counter, reference);
  return deleted.numDeletedRows > 0n;
}

const noMember = (member: string, group: string): CausewayError =>
  new CausewayError('no-such-member', `'${member}' is no member of '${group}'`);

/** What administrators see of a group. */
export const groupStatus = (group: Group): GroupStatus => ({
  id: group.id,
  origin: group.origin,
  forest: group.forest,
  sourceAnchor: group.source_anchor,
  displayName: group.display_name,
  onPremisesSamAccountName: group.sam_account_name,
  onPremisesSecurityIdentifier: group.security_identifier,
  mail: group.mail,
  securityEnabled: group.security_enabled,
  scope: group.scope,
  createdAt: group.created_at.toISOString(),
  ...inManagedDomain(group),
});

function inManagedDomain(group: Group): Pick<GroupStatus, 'managedDomain'> {
  const reported = (outcome: string | null, reason: string | null, at: Date | null) =>
    outcome === null ? null : { outcome, reason, reportedAt: at!.toISOString() };
  const { group_outcome, group_reason, group_reported_at } = group;
  const { members_outcome, members_reason, members_reported_at } = group;
  const ofGroup = reported(group_outcome, group_reason, group_reported_at);
  const members = reported(members_outcome, members_reason, members_reported_at);
  return ofGroup || members ? { managedDomain: { group: ofGroup, members } } : {};
}
