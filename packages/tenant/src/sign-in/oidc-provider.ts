import { timingSafeEqual } from 'node:crypto';
import { describeError, type Log } from '@causeway/service';
import {
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import type { TenantKeys } from '../database/schema.ts';
import { findUserById, maySignIn, type User } from '../people/users.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { assignmentPrompt, canRefuseByPage, isAssigned } from './groups/assignment.ts';
import { groupsClaims, serveGroupsClaim } from './groups/groups-claim.ts';
import { makeAdapterFactory } from './oidc-adapter.ts';
import { messagePage, pageHeaders } from './pages.ts';
import { keepEpochs, type SignInResult } from './sessions.ts';
import { protectPages, showSignedOut, showSignOut } from './sign-out.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** The most seconds that an agent's assertion may live, and that its clock may be ahead. */
const ASSERTION_LIFETIME = 5 * MINUTE;
const CLOCK_DIFFERENCE = MINUTE;

/**
 * The tenant's OpenID provider: authorization code with PKCE for people, client credentials with private_key_jwt
 * for agents. Every feature not named here is off.
 */
export function makeProvider(
  scope: TenantScope,
  keys: TenantKeys,
  issuer: string,
  signInPath: (uid: string, step: string) => string,
  log: Log,
): Provider {
  const configuration: Configuration = {
    adapter: makeAdapterFactory(scope),
    jwks: keys.jwks as Configuration['jwks'] & object,
    cookies: {
      keys: [keys.cookieKey],
      // Under the tenant's own path: tenants of one installation must not see each other's sessions.
      long: { signed: true, httpOnly: true, sameSite: 'lax', path: new URL(issuer).pathname },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => showSignOut(context, form, scope.tenantName),
        postLogoutSuccessSource: showSignedOut,
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_context, client, token) => token.clientId === client.clientId,
      },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: { enabled: false },
    },
    pkce: { required: () => true },
    clientAuthMethods: ['none', 'private_key_jwt', 'client_secret_basic'],
    assertJwtClientAuthClaimsAndHeader: refuseLongLived,
    responseTypes: ['code'],
    scopes: ['openid', 'profile', 'email', 'agent'],
    claims: {
      // Only for an application that is registered for groups, whatever it asks for.
      openid: ['sub', 'groups'],
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
    interactions: {
      policy: makePolicy(scope),
      url: (_context, { uid, prompt }) => signInPath(uid, prompt.name),
    },
    findAccount: (context, id) => findAccount(scope, issuer, context, id),
    loadExistingGrant,
    renderError(context, out) {
      context.set(pageHeaders());
      const code = /^[a-z_]{1,60}$/.test(out.error) ? out.error : 'error';
      context.body = messagePage(`This sign-in cannot go on (${code}). Go back to the application.`);
    },
  };
  const provider = new Provider(issuer, configuration);
  provider.proxy = true; // mountOidc writes the headers itself
  provider.use(protectPages);
  provider.use(serveGroupsClaim(scope, keys, issuer));
  keepEpochs(provider);
  compareSecrets(provider);
  provider.on('server_error', (_context, error) => {
    log.error(
      { tenant: scope.tenantName, err: describeError(error) },
      'sign-in failed because of an internal error',
    );
  });
  return provider;
}

/** An assertion is made for one request. One that is valid for long, or made for later, would be worth stealing. */
function refuseLongLived(_context: KoaContextWithOIDC, claims: Record<string, unknown>): void {
  // The machine's clock: oidc-provider has checked the same assertion by it.
  const now = Date.now() / 1000;
  const { iat, exp } = claims;
  const fits =
    typeof exp === 'number' &&
    exp <= now + ASSERTION_LIFETIME + CLOCK_DIFFERENCE &&
    typeof iat === 'number' &&
    iat <= now + CLOCK_DIFFERENCE &&
    exp - iat <= ASSERTION_LIFETIME;
  if (fits) return;
  throw new errors.InvalidClientAuth(
    `a client assertion says when it was made (iat), not in the future, and ends (exp) ${ASSERTION_LIFETIME} seconds after that at the latest`,
  );
}

/**
 * INVARIANT: a disabled, expired or deleted user has no account here, nor one with a temporary password, so that
 * neither a session nor a pending code ends in a token. The same holds for a user outside the group that the
 * application is for.
 */
async function findAccount(scope: TenantScope, issuer: string, context: KoaContextWithOIDC, id: string) {
  const user = await findUserById(scope, id);
  if (!user || user.must_change || !maySignIn(user, scope.now())) return undefined;
  const clientId = context.oidc.client?.clientId;
  if (!canRefuseByPage(context) && !(await isAssigned(scope, clientId, user.id))) return undefined;
  return {
    accountId: user.id,
    claims: async () => ({ ...claimsOf(user), ...(await groupsClaims(scope, issuer, clientId, user.id)) }),
  };
}

/** The tenant stores only digests of its applications' secrets. */
function compareSecrets(provider: Provider): void {
  provider.Client.prototype.compareClientSecret = function (secret) {
    const [given, kept] = [digestOf(secret), this.clientSecret ?? ''].map(text => Buffer.from(text));
    return given!.length === kept!.length && timingSafeEqual(given!, kept!);
  };
}

function claimsOf(user: User): { sub: string; [claim: string]: string } {
  const { displayName, givenName, surname, mail } = user.profile;
  return {
    sub: user.id,
    // A user without a sign-in name has none here either: the true one may be another user's.
    ...(user.sign_in_name !== null && { preferred_username: user.sign_in_name }),
    name: displayName ?? user.sign_in_name ?? user.id,
    ...(givenName !== null && { given_name: givenName }),
    ...(surname !== null && { family_name: surname }),
    ...(mail !== null && { email: mail }),
  };
}

/**
 * The applications are the administrator's own, so users are not asked for consent. Any program on a machine can impersonate an application
 * that answers on loopback, so that one asks for the password every time (RFC 8252, 8.6).
 */
function makePolicy(scope: TenantScope): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  policy.add(assignmentPrompt(scope));
  const { Check } = interactionPolicy;
  const { checks } = policy.get('login')!;
  checks.add(
    new Check('account_gone', 'the account of this session cannot sign in any more', ({ oidc }) => {
      const gone = oidc.session?.accountId !== undefined && oidc.account === undefined;
      return gone ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
    }),
  );
  checks.add(
    new Check('native_client', 'an application on loopback asks every time', ({ oidc }) => {
      const ask = oidc.client?.applicationType === 'native' && !oidc.result?.login;
      return ask ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
    }),
  );
  return policy;
}

/** Grants what the application asked for and its registration allows, to the session as it was opened. */
async function loadExistingGrant(context: KoaContextWithOIDC) {
  const { client, session, provider, params, result } = context.oidc;
  if (!client || !session?.accountId) return undefined;
  const login = result?.login as SignInResult | undefined;
  // The epoch of the password check, not the current one: a password that was changed meanwhile opens no session.
  if (login) Object.assign(session, { epoch: login.epoch });
  const known = session.grantIdFor(client.clientId);
  const existing = known === undefined ? undefined : await provider.Grant.find(known);
  const grant = existing ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(String(params?.scope ?? 'openid'));
  await grant.save();
  return grant;
}
