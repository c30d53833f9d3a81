import { randomBytes, randomUUID } from 'node:crypto';
import type { Application, GroupsClaim } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { isLoopback } from '@causeway/wire';
import { countDecision } from '../changes/change-counter.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

export interface NewApplication {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  /** Whether it keeps a secret and authenticates with it (client_secret_basic). */
  readonly secret?: boolean | undefined;
  readonly groups?: GroupsClaim | undefined;
  /** The id of the only group whose members may sign in to it. */
  readonly forGroup?: string | undefined;
}

/**
 * Registers an OIDC relying party: authorization code with PKCE, and a secret if requested, which is returned once.
 * @throws CausewayError 'bad-redirect-uri' unless every address is https, or http on loopback, without a fragment
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
        groups_claim: application.groups ?? null,
        for_group: application.forGroup ?? null,
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
    'bad-redirect-uri',
    'a redirect address is https, or http on loopback, without a fragment or a user name',
  );
}

export async function listApplications(scope: TenantScope): Promise<Application[]> {
  const rows = await applicationRows(scope).orderBy('name').orderBy('client_id').execute();
  return rows.map(shown);
}

export interface ApplicationChange {
  readonly groups?: GroupsClaim | null | undefined;
  /** The id of a group, or null for every user. */
  readonly forGroup?: string | null | undefined;
}

/** Undefined fields stay as they are. @throws CausewayError 'no-such-application' */
export function changeApplication(
  scope: TenantScope,
  clientId: string,
  { groups, forGroup }: ApplicationChange,
): Promise<Application> {
  return scope.transaction(async inside => {
    await countDecision(inside);
    const change = {
      ...(groups !== undefined && { groups_claim: groups }),
      ...(forGroup !== undefined && { for_group: forGroup }),
    };
    if (Object.keys(change).length > 0)
      await inside.update('applications').set(change).where('client_id', '=', clientId).execute();
    const row = await applicationRows(inside).where('client_id', '=', clientId).executeTakeFirst();
    if (!row) throw noSuchApplication();
    return shown(row);
  });
}

/** With the name of the group that an application is for, and whether the group gives rights. */
const applicationRows = (scope: TenantScope) =>
  scope
    .select('applications')
    .selectAll()
    .select(query =>
      query
        .selectFrom('groups')
        .whereRef('groups.tenant_id', '=', 'applications.tenant_id')
        .whereRef('groups.id', '=', 'applications.for_group')
        .select('display_name')
        .as('group_name'),
    )
    .select(query =>
      query
        .exists(
          query
            .selectFrom('groups')
            .whereRef('groups.tenant_id', '=', 'applications.tenant_id')
            .whereRef('groups.id', '=', 'applications.for_group')
            .where('deleted_at', 'is', null)
            .where('security_enabled', '=', true)
            .select('id'),
        )
        .as('usable'),
    );

type ApplicationRow = Awaited<ReturnType<ReturnType<typeof applicationRows>['execute']>>[number];

const shown = (row: ApplicationRow): Application => ({
  clientId: row.client_id,
  name: row.name,
  redirectUris: row.redirect_uris,
  postLogoutRedirectUris: row.post_logout_redirect_uris,
  secret: row.secret_digest !== null,
  createdAt: row.created_at.toISOString(),
  ...(row.groups_claim !== null && { groups: row.groups_claim }),
  ...(row.for_group !== null && {
    forGroup: { id: row.for_group, displayName: row.group_name, usable: Boolean(row.usable) },
  }),
});

/** What groups mean to an application; undefined if no application has this client id. */
export async function groupsOfApplication(
  scope: TenantScope,
  clientId: string,
): Promise<{ claim: GroupsClaim | null; forGroup: string | null } | undefined> {
  const row = await scope
    .select('applications')
    .select(['groups_claim', 'for_group'])
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  return row && { claim: row.groups_claim, forGroup: row.for_group };
}

const noSuchApplication = (): CausewayError =>
  new CausewayError('no-such-application', 'no application has this client id');

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
    if (!removed) throw noSuchApplication();
    await inside.delete('oidc_payloads').where('client_id', '=', clientId).execute();
    return removed.name;
  });
}
