import { randomUUID } from 'node:crypto';
import { CausewayError } from '@causeway/service';
import { isLoopback } from '@causeway/wire';
import type { TenantScope } from '../tenant-scope.ts';

/**
 * Registers an OIDC relying party: a public client, authorization code with PKCE.
 * @throws CausewayError 'redirect-uri' unless every address is https, or http on loopback, without a fragment
 */
export async function registerApplication(
  scope: TenantScope,
  application: { name: string; redirectUris: readonly string[] },
): Promise<string> {
  for (const text of application.redirectUris) {
    const url = new URL(text);
    const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
    if (!safe || text.includes('#') || url.username !== '' || url.password !== '') {
      throw new CausewayError(
        'redirect-uri',
        'a redirect address is https, or http on loopback, without a fragment or a user name',
      );
    }
  }
  const clientId = randomUUID();
  await scope
    .insert('applications', {
      client_id: clientId,
      name: application.name,
      redirect_uris: JSON.stringify(application.redirectUris),
      created_at: new Date(),
    })
    .execute();
  return clientId;
}
