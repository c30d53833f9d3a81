import { randomBytes } from 'node:crypto';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { digestOf } from '../digest.ts';
import type { TenantScope } from '../tenant-scope.ts';

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
