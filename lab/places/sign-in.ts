import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  WWWAuthenticateChallengeError,
} from 'openid-client';

export interface RelyingParty {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
}

export type SignIn =
  | { readonly ok: true; readonly subject: string; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly page: string };

/** More hops than a sign-in ever needs. */
const MAX_HOPS = 15;
/** Milliseconds to keep retrying while the answer is "too many". */
const PATIENCE = 60_000;

/**
 * Signs a user in as a web application does: with another project's OIDC client (openid-client), authorization code with PKCE, through the
 * tenant's own login page. `ok: false` if the page asks again.
 */
export async function signIn(party: RelyingParty, username: string, password: string): Promise<SignIn> {
  const config = await discovery(new URL(party.issuer), party.clientId, undefined, None(), {
    execute: [allowInsecureRequests],
  });
  const verifier = randomPKCECodeVerifier();
  const state = randomState();
  const nonce = randomNonce();
  const start = buildAuthorizationUrl(config, {
    redirect_uri: party.redirectUri,
    scope: 'openid profile email',
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const end = await walk(start, party.redirectUri, username, password);
  if (typeof end === 'string') return { ok: false, page: end };
  try {
    const tokens = await authorizationCodeGrant(config, end, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
    });
    const subject = tokens.claims()?.sub;
    if (subject === undefined) throw new Error('the tenant gave no ID token');
    return { ok: true, subject, claims: await fetchUserInfo(config, tokens.access_token, subject) };
  } catch (error) {
    // Disabled or deleted between page and token, or between token and use, which is a rejection too.
    if (error instanceof ResponseBodyError && error.error === 'invalid_grant')
      return { ok: false, page: error.error };
    if (error instanceof WWWAuthenticateChallengeError) return { ok: false, page: error.message };
    throw error;
  }
}

/** Follows redirects and fills in the login form once, as a browser would. Returns where it ended, or the page's text. */
async function walk(
  start: URL,
  redirectUri: string,
  username: string,
  password: string,
): Promise<URL | string> {
  const cookies = new Map<string, string>();
  // Each has an address of their own, if the tenant trusts us as a proxy (`StageSettings.trustedProxies`).
  const address = `10.${[...randomBytes(3)].join('.')}`;
  let request: { url: URL; form?: URLSearchParams } = { url: start };
  let filled = false;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    if (request.url.href.startsWith(redirectUri)) return request.url;
    const { url, form } = request;
    const response = await whenThereIsRoom(() =>
      fetch(url, {
        redirect: 'manual',
        headers: {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          'x-forwarded-for': address,
        },
        ...(form && { method: 'POST', body: form }),
      }),
    );
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    const page = await response.text();
    if (location !== null) {
      request = { url: new URL(location, request.url) };
    } else if (filled) {
      return page
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
    } else {
      request = fillForm(page, request.url, username, password);
      filled = true;
    }
  }
  throw new Error(`the sign-in took more than ${MAX_HOPS} hops`);
}

/** Retries while the answer is "too many", as a person would. */
async function whenThereIsRoom(ask: () => Promise<Response>): Promise<Response> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const response = await ask();
    const wait = Number(response.headers.get('retry-after') ?? 1) * 1000;
    if (response.status !== 429 || performance.now() + wait > end) return response;
    await response.body?.cancel();
    await sleep(wait);
  }
}

function fillForm(
  page: string,
  at: URL,
  username: string,
  password: string,
): { url: URL; form: URLSearchParams } {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/i.exec(page)?.[0];
  if (form === undefined)
    throw new Error(`a login form was expected at ${at.pathname}, got: ${page.slice(0, 200)}`);
  const attribute = (tag: string, name: string): string | undefined =>
    new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1]?.replaceAll('&amp;', '&');
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    const type = attribute(tag, 'type') ?? 'text';
    if (name === undefined) continue;
    if (type === 'password') fields.set(name, password);
    else if (type === 'hidden') fields.set(name, attribute(tag, 'value') ?? '');
    else fields.set(name, username);
  }
  return { url: new URL(attribute(form, 'action') ?? at.href, at), form: fields };
}
