import { generateKeyPair, randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { TenantKeys } from '../database/schema.ts';

const generate = promisify(generateKeyPair);

/**
 * Makes a tenant's own keys. The database keeps them, so that every process of an installation signs with the
 * same: RS256, which every relying party understands (OpenID Connect Core 15.1), and two MAC keys.
 */
export async function makeTenantKeys(): Promise<TenantKeys> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' }) as Record<string, unknown>;
  return {
    jwks: { keys: [{ ...jwk, kid: randomUUID(), use: 'sig', alg: 'RS256' }] },
    cookieKey: randomBytes(32).toString('base64url'),
    digestKey: randomBytes(32).toString('base64url'),
  };
}
