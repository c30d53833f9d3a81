import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { TenantKeys } from '../database/schema.ts';
import { findUserById, maySignIn, type User } from '../directory/users.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { makeAdapterFactory } from './oidc-adapter.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/**
 * The tenant's OpenID provider: authorization code with PKCE for people, client credentials with private_key_jwt
 * for agents. Everything that it can do and is not named here is off.
 */
export function makeProvider(
  scope: TenantScope,
  keys: TenantKeys,
  issuer: string,
  signInPath: (uid: string) => string,
): Provider {
  const configuration: Configuration = {
    adapter: makeAdapterFactory(scope),
    jwks: keys.jwks as Configuration['jwks'] & object,
    cookies: {
      keys: [keys.cookieKey],
      long: { signed: true, httpOnly: true, sameSite: 'lax' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: { enabled: false },
    },
    pkce: { required: () => true },
    clientAuthMethods: ['none', 'private_key_jwt'],
    responseTypes: ['code'],
    scopes: ['openid', 'profile', 'email', 'agent'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
      email: ['email'],
    },
    // Relying parties get the claims in the ID token, too, and need no second call.
    conformIdTokenClaims: false,
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: MINUTE,
      ClientCredentials: 10 * MINUTE,
      Grant: 8 * HOUR,
      IdToken: HOUR,
      Interaction: 10 * MINUTE,
      Session: 8 * HOUR,
    },
    interactions: { url: (_context, interaction) => signInPath(interaction.uid) },
    findAccount: (_context, id) => findAccount(scope, id),
    loadExistingGrant,
    renderError(context, out) {
      context.type = 'html';
      context.body = errorPage(out.error);
    },
  };
  return Object.assign(new Provider(issuer, configuration), { proxy: true });
}

/**
 * INVARIANT: whoever is disabled, expired or deleted has no account here, so that neither a session nor a code that
 * is still on its way ends in a token.
 */
async function findAccount(scope: TenantScope, id: string) {
  const user = await findUserById(scope, id);
  if (!user || !maySignIn(user, new Date())) return undefined;
  return { accountId: user.id, claims: () => claimsOf(user) };
}

function claimsOf(user: User): { sub: string; [claim: string]: string } {
  const { displayName, givenName, surname, mail } = user.profile;
  return {
    sub: user.id,
    preferred_username: user.user_principal_name,
    name: displayName ?? user.user_principal_name,
    ...(givenName !== null && { given_name: givenName }),
    ...(surname !== null && { family_name: surname }),
    ...(mail !== null && { email: mail }),
  };
}

/** The applications are the administrator's own: whoever signs in is asked for no consent. */
async function loadExistingGrant(context: KoaContextWithOIDC) {
  const { client, session, provider, params } = context.oidc;
  if (!client || !session?.accountId) return undefined;
  const known = session.grantIdFor(client.clientId);
  const existing = known === undefined ? undefined : await provider.Grant.find(known);
  const grant = existing ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(String(params?.scope ?? 'openid'));
  await grant.save();
  return grant;
}

function errorPage(code: string | undefined): string {
  const safe = /^[a-z_]{1,60}$/.test(code ?? '') ? code : 'error';
  return `<!doctype html><html lang="en"><title>Sign-in failed</title><p>This sign-in cannot go on (${safe}). Go back to the application and try again.</p></html>`;
}
