import type { HttpReply, HttpRequest } from '@causeway/api';
import type { Log } from '@causeway/service';
import { z } from 'zod';
import { FAMILIAR_COOKIE, FAMILIAR_SECONDS } from './familiar-browser.ts';
import type { Providers, TenantSignIn } from './mount-oidc.ts';
import { messagePage, pageHeaders } from './pages.ts';
import type { PeopleGate } from './people-gate.ts';
import type { SignedIn } from './sign-in.ts';

export interface SignInContext {
  readonly providers: Providers;
  readonly gate: PeopleGate;
  readonly log: Log;
}

/** A name, a password and a new one twice, percent-encoded in the worst case. */
export const FORM_LIMIT = 32 * 1024;

/** A sign-in that a browser has begun. */
export interface Interaction {
  readonly tenant: TenantSignIn;
  readonly uid: string;
  readonly applicationOrigin: string | undefined;
  /** Of the application. */
  readonly clientId: string;
  /** Whose session the browser has, if any. */
  readonly accountId: string | undefined;
  /** The name that the application proposes. */
  readonly hint: string;
}

const Params = z.strictObject({ tenant: z.string().max(63), uid: z.string().max(64) });

/** The sign-in that this browser has begun, if it is at this step. Otherwise answers with a page and returns undefined. */
export async function begin(
  context: SignInContext,
  request: HttpRequest,
  reply: HttpReply,
  step = 'login',
): Promise<Interaction | undefined> {
  const params = Params.safeParse(request.params);
  const expired = (): undefined => {
    reply
      .status(400)
      .headers(pageHeaders())
      .send(messagePage('This sign-in is over. Go back to the application and begin again.'));
    return undefined;
  };
  if (!params.success) return expired();
  const tenant = await context.providers.get(params.data.tenant);
  try {
    const details = await tenant.provider.interactionDetails(request.raw, reply.raw);
    if (details.uid !== params.data.uid || details.prompt.name !== step) return expired();
    const { redirect_uri: redirectUri, login_hint: hint } = details.params;
    return {
      tenant,
      uid: details.uid,
      applicationOrigin: typeof redirectUri === 'string' ? new URL(redirectUri).origin : undefined,
      clientId: String(details.params.client_id),
      accountId: details.session?.accountId,
      hint: typeof hint === 'string' ? hint.slice(0, 1024) : '',
    };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 400) return expired(); // no cookie, or too old
    throw error;
  }
}

/** Sends the browser on with the sign-in completed. */
export async function complete(
  request: HttpRequest,
  reply: HttpReply,
  at: Interaction,
  signedIn: SignedIn,
): Promise<HttpReply> {
  const { provider } = at.tenant;
  const { id, session_epoch: epoch } = signedIn.user;
  const result = { login: { accountId: id, epoch, remember: false } };
  const returnTo = await provider.interactionResult(request.raw, reply.raw, result);
  return remember(reply, at.tenant, signedIn)
    .headers(pageHeaders(at.applicationOrigin))
    .redirect(returnTo, 303);
}

/** Makes the browser a familiar one of this account. */
export function remember(reply: HttpReply, tenant: TenantSignIn, signedIn: SignedIn): HttpReply {
  const secure = new URL(tenant.provider.issuer).protocol === 'https:' ? '; Secure' : '';
  return reply.header(
    'set-cookie',
    `${FAMILIAR_COOKIE}=${signedIn.familiarCookie}; Path=${pathOf(tenant, '')}; Max-Age=${FAMILIAR_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  );
}

/** The path of a tenant's page as browsers see it: below the path of the public address. */
export function pathOf(tenant: TenantSignIn, page: string): string {
  return new URL(tenant.provider.issuer).pathname.replace(/\/oidc$/, page);
}

export function readFamiliarCookie(request: HttpRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').slice(0, 8192).split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === FAMILIAR_COOKIE) return value;
  }
  return undefined;
}
