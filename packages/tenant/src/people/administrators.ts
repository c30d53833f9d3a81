import { randomBytes } from 'node:crypto';
import type { Administrator, AdministratorToken } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { countDecision } from '../changes/change-counter.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { existingCloudUser, type User } from './users.ts';

const TOKEN_DAYS = 90;

/** @throws CausewayError 'no-such-administrator' */
export async function findAdministrator(scope: TenantScope, userPrincipalName: string): Promise<string> {
  const user = await scope
    .select('users')
    .select('id')
    .where('upn_key', '=', nameKey(userPrincipalName))
    .where('administrator', '=', true)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (!user) {
    throw new CausewayError(
      'no-such-administrator',
      `'${userPrincipalName}' is no administrator of tenant '${scope.tenantName}'`,
    );
  }
  return user.id;
}

/** Makes a bearer token of 256 random bits. Only its digest is stored. */
export async function createToken(
  scope: TenantScope,
  userId: string,
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url');
  const now = scope.clock.now();
  const expiresAt = new Date(now + TOKEN_DAYS * 86_400_000);
  await scope.delete('tokens').where('expires_at', '<', new Date(now)).execute();
  await scope
    .insert('tokens', {
      digest: digestOf(token),
      user_id: userId,
      created_at: new Date(now),
      expires_at: expiresAt,
    })
    .execute();
  return { token, expiresAt };
}

type Rights = Pick<User, 'administrator' | 'account_enabled' | 'deleted_at' | 'blocked_at'>;

/** Whether this administrator can act: with a token, after a password change if necessary. */
const isAble = (user: Rights): boolean =>
  user.administrator && user.account_enabled && user.deleted_at === null && user.blocked_at === null;

/**
 * INVARIANT: the last administrator who is able stays so. Call it under the counter's lock, under which all of these changes are made.
 * @throws CausewayError 'last-administrator'
 */
export async function refuseLastAdministrator(
  inside: TenantScope,
  before: User,
  after: Rights,
): Promise<void> {
  if (!isAble(before) || isAble(after)) return;
  const others = await inside
    .select('users')
    .selectAll()
    .where('administrator', '=', true)
    .where('id', '<>', before.id)
    .execute();
  if (others.some(isAble)) return;
  throw new CausewayError(
    'last-administrator',
    `'${before.user_principal_name}' is the last administrator who can sign in`,
  );
}

/** Ends an administrator's tokens, in the transaction of the change that requires it. */
export async function endTokens(inside: TenantScope, userId: string): Promise<void> {
  await inside.delete('tokens').where('user_id', '=', userId).execute();
}

/** @throws CausewayError 'no-such-user', 'synchronized-user' or 'last-administrator' */
export function setAdministrator(scope: TenantScope, name: string, administrator: boolean): Promise<User> {
  return scope.transaction(async inside => {
    await countDecision(inside);
    const user = await existingCloudUser(inside, name);
    await refuseLastAdministrator(inside, user, { ...user, administrator });
    await inside.update('users').set({ administrator }).where('id', '=', user.id).execute();
    if (!administrator) await endTokens(inside, user.id);
    return user;
  });
}

export async function listAdministrators(scope: TenantScope): Promise<Administrator[]> {
  const users = await scope
    .select('users')
    .selectAll()
    .where('administrator', '=', true)
    .where('deleted_at', 'is', null)
    .orderBy('upn_key')
    .execute();
  const tokens = await validTokens(scope).execute();
  return users.map(user => ({
    id: user.id,
    userPrincipalName: user.user_principal_name,
    able: isAble(user),
    tokens: tokens.filter(({ user_id }) => user_id === user.id).length,
  }));
}

/** @param ownId of the token that the caller uses */
export async function listTokens(scope: TenantScope, ownId: string): Promise<AdministratorToken[]> {
  const administrators = await listAdministrators(scope);
  const names = new Map(administrators.map(one => [one.id, one.userPrincipalName]));
  const tokens = await validTokens(scope).orderBy('created_at').execute();
  return tokens.map(({ id, user_id, created_at, expires_at }) => ({
    id,
    administrator: names.get(user_id) ?? user_id,
    createdAt: created_at.toISOString(),
    expiresAt: expires_at.toISOString(),
    own: id === ownId,
  }));
}

/** @throws CausewayError 'no-such-token' */
export async function revokeToken(scope: TenantScope, id: string): Promise<void> {
  await scope.transaction(async inside => {
    await countDecision(inside);
    const revoked = await inside.delete('tokens').where('id', '=', id).executeTakeFirst();
    if (revoked.numDeletedRows > 0n) return;
    throw new CausewayError('no-such-token', 'no token has this id');
  });
}

const validTokens = (scope: TenantScope) =>
  scope
    .select('tokens')
    .select(['id', 'user_id', 'created_at', 'expires_at'])
    .where('expires_at', '>', scope.now());
