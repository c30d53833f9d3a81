import { randomBytes, randomUUID } from 'node:crypto';
import type { Application } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { isLoopback } from '@causeway/wire';
import { countDecision } from '../changes/change-counter.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

export interface NewApplication {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  /** It keeps a secret, and proves itself by it (client_secret_basic). */
  readonly secret?: boolean | undefined;
}

/**
 * Registers an OIDC relying party: authorization code with PKCE, and a secret if it asks for one, which is returned once.
 * @throws CausewayError 'redirect-uri' unless every address is https, or http on loopback, without a fragment
 */
export async function registerApplication(
  scope: TenantScope,
  application: NewApplication,
): Promise<{ clientId: string; clientSecret: string | undefined }> {
  const { redirectUris, postLogoutRedirectUris = [] } = application;
  for (const text of [...redirectUris, ...postLogoutRedirectUris]) checkRedirect(text);
  const clientId = randomUUID();
  const clientSecret = application.secret ? randomBytes(32).toString('base64url') : undefined;
  await scope.transaction(async inside => {
    await countDecision(inside);
    await inside
      .insert('applications', {
        client_id: clientId,
        name: application.name,
        redirect_uris: JSON.stringify(redirectUris),
        post_logout_redirect_uris: JSON.stringify(postLogoutRedirectUris),
        secret_digest: clientSecret === undefined ? null : digestOf(clientSecret),
        created_at: scope.now(),
      })
      .execute();
  });
  return { clientId, clientSecret };
}

function checkRedirect(text: string): void {
  const url = new URL(text);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (safe && !text.includes('#') && url.username === '' && url.password === '') return;
  throw new CausewayError(
    'redirect-uri',
    'a redirect address is https, or http on loopback, without a fragment or a user name',
  );
}

export async function listApplications(scope: TenantScope): Promise<Application[]> {
  const rows = await scope.select('applications').selectAll().orderBy('name').orderBy('client_id').execute();
  return rows.map(row => ({
    clientId: row.client_id,
    name: row.name,
    redirectUris: row.redirect_uris,
    postLogoutRedirectUris: row.post_logout_redirect_uris,
    secret: row.secret_digest !== null,
    createdAt: row.created_at.toISOString(),
  }));
}

/**
 * Removes an application with its codes, tokens and grants. @returns its name
 * @throws CausewayError 'no-such-application'
 */
export function removeApplication(scope: TenantScope, clientId: string): Promise<string> {
  return scope.transaction(async inside => {
    await countDecision(inside);
    const removed = await inside
      .delete('applications')
      .where('client_id', '=', clientId)
      .returning('name')
      .executeTakeFirst();
    if (!removed) {
      throw new CausewayError('no-such-application', 'no application has this client id', { status: 404 });
    }
    await inside.delete('oidc_payloads').where('client_id', '=', clientId).execute();
    return removed.name;
  });
}
