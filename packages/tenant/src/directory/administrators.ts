import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { CLOUD_SALT_LENGTH, deriveCloudCredential, ntHash } from '@causeway/credentials';
import { CausewayError } from '@causeway/service';
import { accountKey, digestOf } from '../digest.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { EMPTY_PROFILE } from './users.ts';

const TOKEN_DAYS = 90;
const PASSWORD_LENGTH = 20;
/** Without the letters and digits that look alike. */
const PASSWORD_ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Makes a cloud-only administrator; the password is returned once and only its cloud credential kept. */
export async function createAdministrator(
  scope: TenantScope,
  userPrincipalName: string,
): Promise<{ userId: string; password: string }> {
  const userId = randomUUID();
  const password = makePassword();
  const now = new Date();
  await scope
    .insert('users', {
      id: userId,
      origin: 'cloud',
      user_principal_name: userPrincipalName,
      upn_key: accountKey(userPrincipalName),
      account_enabled: true,
      profile: JSON.stringify({ ...EMPTY_PROFILE, displayName: userPrincipalName.split('@')[0] }),
      administrator: true,
      cloud_credential: await makeCloudCredential(password),
      credential_change_date: now,
      credential_received_at: now,
      created_at: now,
    })
    .execute();
  return { userId, password };
}

/** @throws CausewayError 'no-such-administrator' */
export async function findAdministrator(scope: TenantScope, userPrincipalName: string): Promise<string> {
  const user = await scope
    .select('users')
    .select('id')
    .where('upn_key', '=', accountKey(userPrincipalName))
    .where('administrator', '=', true)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (!user) {
    throw new CausewayError(
      'no-such-administrator',
      `'${userPrincipalName}' is no administrator of tenant '${scope.tenantName}'`,
      { status: 404 },
    );
  }
  return user.id;
}

/** Makes a bearer token of 256 random bits; only its digest is kept. */
export async function createToken(
  scope: TenantScope,
  userId: string,
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url');
  const now = Date.now();
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

function makePassword(): string {
  return Array.from(
    { length: PASSWORD_LENGTH },
    () => PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)],
  ).join('');
}

async function makeCloudCredential(password: string): Promise<string> {
  const hash = ntHash(password);
  try {
    return await deriveCloudCredential(hash, randomBytes(CLOUD_SALT_LENGTH));
  } finally {
    hash.fill(0);
  }
}
