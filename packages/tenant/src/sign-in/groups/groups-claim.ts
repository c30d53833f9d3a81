import { createPrivateKey, sign } from 'node:crypto';
import type { GroupsClaim } from '@causeway/contract';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { groupsOfApplication } from '../../clients/applications.ts';
import type { TenantKeys } from '../../database/schema.ts';
import { namesOfGroups } from '../../people/group-names.ts';
import { type Group, groupsOfUser } from '../../people/memberships.ts';
import { isUuid } from '../../people/users.ts';
import type { TenantScope } from '../../tenancy/tenant-scope.ts';

/** The most groups in a token. For a user with more, the application asks at the claim's own address. */
export const MAX_GROUPS_IN_TOKEN = 200;
/** The most groups in one answer there. */
export const MAX_GROUPS_IN_PAGE = 1000;
/** Address of the claim, below the issuer. */
const PATH = '/groups';
/** oidc-provider's own path of userinfo, below the issuer. */
const USERINFO_PATH = '/me';
/** Seconds for which such an answer is valid. */
const LIFETIME = 5 * 60;

/** OpenID Connect Core 5.6.2: `groups` itself, or where to get it. */
export interface GroupsClaims {
  readonly groups?: string[];
  readonly _claim_names?: { readonly groups: string };
  readonly _claim_sources?: { readonly groups: { readonly endpoint: string } };
}

/**
 * The groups of a user, for an application that asks for them: only security groups, including nested ones, but none reached
 * through a distribution group.
 */
export async function groupsClaims(
  scope: TenantScope,
  issuer: string,
  clientId: string | undefined,
  userId: string,
): Promise<GroupsClaims> {
  const form = await claimOf(scope, clientId);
  if (form === null) return {};
  const groups = await securityGroups(scope, userId, { limit: MAX_GROUPS_IN_TOKEN + 1 });
  if (groups.length <= MAX_GROUPS_IN_TOKEN) return { groups: await said(scope, groups, form) };
  const endpoint = `${issuer}${PATH}`;
  return { _claim_names: { groups: 'groups' }, _claim_sources: { groups: { endpoint } } };
}

const claimOf = async (scope: TenantScope, clientId: string | undefined): Promise<GroupsClaim | null> =>
  (clientId === undefined ? undefined : await groupsOfApplication(scope, clientId))?.claim ?? null;

const securityGroups = (scope: TenantScope, userId: string, page: { after?: string; limit: number }) =>
  groupsOfUser(scope, userId, { securityOnly: true, transitive: true, ...page });

const said = async (scope: TenantScope, groups: readonly Group[], form: GroupsClaim): Promise<string[]> =>
  form === 'ids' ? groups.map(({ id }) => id) : namesOfGroups(scope, groups);

/**
 * Answers at the claim's own address, as a JWT signed by the tenant (5.6.2), one page at a time: `Link: …; rel="next"` names the next one.
 * It runs as userinfo, so whatever ends an access token there ends it here. It has no audience, because it is no ID token.
 */
export function serveGroupsClaim(scope: TenantScope, keys: TenantKeys, issuer: string) {
  return async (context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (context.path !== PATH || context.method !== 'GET') return next();
    const { after } = context.query;
    context.path = USERINFO_PATH;
    await next();
    if (context.status !== 200) return;
    const { client, account } = context.oidc;
    const form = await claimOf(scope, client?.clientId);
    if (account === undefined || form === null || (after !== undefined && !isUuid(String(after)))) {
      context.status = form === null ? 403 : 400;
      context.body = { error: form === null ? 'insufficient_scope' : 'invalid_request' };
      return;
    }
    const page = { ...(after !== undefined && { after: String(after) }), limit: MAX_GROUPS_IN_PAGE + 1 };
    const read = await securityGroups(scope, account.accountId, page);
    const groups = read.slice(0, MAX_GROUPS_IN_PAGE);
    if (read.length > groups.length) {
      context.set('link', `<${issuer}${PATH}?after=${groups.at(-1)!.id}>; rel="next"`);
    }
    const iat = Math.floor(scope.clock.now() / 1000);
    const payload = { iss: issuer, sub: account.accountId, iat, exp: iat + LIFETIME };
    context.body = signJwt(keys, { ...payload, groups: await said(scope, groups, form) });
    context.type = 'application/jwt';
  };
}

/** RS256, with the key that signs ID tokens. */
function signJwt({ jwks }: TenantKeys, payload: object): string {
  const [key] = jwks.keys as [Record<string, string>];
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: key.kid })}.${part(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), createPrivateKey({ key, format: 'jwk' }));
  return `${signed}.${signature.toString('base64url')}`;
}
