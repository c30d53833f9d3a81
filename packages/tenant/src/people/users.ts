import type { UserStatus } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { type Selectable, sql } from 'kysely';
import type { UsersTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { NO_ORDER, orderOf } from './password-order.ts';

export type User = Selectable<UsersTable>;

/** An undeleted user by the name that people sign in with. */
export function findUserByName(scope: TenantScope, userPrincipalName: string): Promise<User | undefined> {
  return scope
    .select('users')
    .selectAll()
    .where('upn_key', '=', nameKey(userPrincipalName))
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text has the form of this service's identifiers, and so may be compared with one. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

export async function findUserById(scope: TenantScope, id: string): Promise<User | undefined> {
  if (!isUuid(id)) return undefined;
  return scope.select('users').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * A user, deleted or not, by id, userPrincipalName or source anchor.
 * @throws CausewayError 'several-users' for an anchor of users of several forests
 */
export async function findUser(scope: TenantScope, name: string): Promise<User | undefined> {
  return (
    (await findUserById(scope, name)) ??
    (await findUserByName(scope, name)) ??
    (await findUserByAnchor(scope, name)) ??
    (await scope
      .select('users')
      .selectAll()
      .where('wanted_key', '=', nameKey(name))
      .orderBy('deleted_at', sort => sort.desc().nullsFirst())
      .executeTakeFirst())
  );
}

async function findUserByAnchor(scope: TenantScope, anchor: string): Promise<User | undefined> {
  const users = await scope
    .select('users')
    .selectAll()
    .where('source_anchor', '=', anchor)
    .orderBy('forest')
    .execute();
  if (users.length < 2) return users[0];
  const who = users.map(({ id, forest }) => `${id} of ${forest}`).join(', ');
  throw new CausewayError(
    'several-users',
    `the source anchor '${anchor}' is of users of several forests: ${who}`,
  );
}

/** Legacy credentials that are missing, or not reported as applied in the managed domain. */
const missesLegacy = sql<boolean>`(credential_record is null or legacy_outcome is null
  or legacy_outcome not in ('applied', 'unchanged'))`;

/** Undeleted users in the order of their names. @param query.after a userPrincipalName */
export function listUsers(
  scope: TenantScope,
  query: { after: string; limit: number; missing?: 'legacy' | undefined },
): Promise<User[]> {
  return scope
    .select('users')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where('upn_key', '>', nameKey(query.after))
    .$if(query.missing === 'legacy', users => users.where(missesLegacy))
    .orderBy('upn_key')
    .limit(query.limit)
    .execute();
}

/** Accepts the next password of these users, whatever its order. */
export async function forgetPasswordOrders(scope: TenantScope, ids: readonly string[]): Promise<void> {
  await scope.update('users').set(NO_ORDER).where('id', 'in', ids).execute();
}

/** A user, deleted or not. @throws CausewayError 'no-such-user' or 'several-users' */
export async function existingUser(scope: TenantScope, name: string): Promise<User> {
  const user = await findUser(scope, name);
  if (user) return user;
  throw noSuchUser();
}

/** A user who is not deleted. @throws CausewayError as `existingUser` */
export async function presentUser(scope: TenantScope, name: string): Promise<User> {
  const user = await findUser(scope, name);
  if (user && user.deleted_at === null) return user;
  throw noSuchUser();
}

const noSuchUser = (): CausewayError =>
  new CausewayError('no-such-user', 'no user has this id, userPrincipalName or source anchor');

/** @throws CausewayError as `presentUser`, or 'synchronized-user' */
export async function existingCloudUser(inside: TenantScope, name: string): Promise<User> {
  const user = await presentUser(inside, name);
  if (user.origin === 'cloud') return user;
  throw new CausewayError(
    'synchronized-user',
    `'${user.user_principal_name}' is synchronized from ${user.forest}`,
  );
}

/** Whether this user may sign in now, whatever the password. */
export function maySignIn(user: User, now: Date): boolean {
  return (
    user.account_enabled &&
    user.deleted_at === null &&
    user.blocked_at === null &&
    (user.account_expires === null || user.account_expires > now)
  );
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** What administrators see of a user; never a credential. */
export function userStatus(
  user: User,
  lockedUntil: Date | undefined,
  manager?: UserStatus['manager'],
): UserStatus {
  return {
    id: user.id,
    origin: user.origin,
    forest: user.forest,
    sourceAnchor: user.source_anchor,
    userPrincipalName: user.user_principal_name,
    ...(user.name_problem !== null && { signInName: user.sign_in_name, nameProblem: user.name_problem }),
    onPremisesSamAccountName: user.sam_account_name,
    mailNickname: user.mail_nickname,
    profile: user.profile,
    ...(manager && { manager }),
    accountEnabled: user.account_enabled,
    accountExpires: iso(user.account_expires),
    administrator: user.administrator,
    deletedAt: iso(user.deleted_at),
    lockedUntil: iso(lockedUntil ?? null),
    ...(user.blocked_at !== null && { blockedAt: user.blocked_at.toISOString() }),
    mustChange: user.must_change,
    credential:
      user.cloud_credential === null || user.credential_received_at === null
        ? null
        : {
            changeDate: iso(user.credential_change_date),
            receivedAt: user.credential_received_at.toISOString(),
            passwordOrder: orderOf(user),
          },
    legacy: {
      recordReceivedAt: iso(user.credential_record_received_at),
      appliedAt: iso(user.legacy_applied_at),
      outcome: user.legacy_outcome,
      reason: user.legacy_reason,
    },
  };
}
