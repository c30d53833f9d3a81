import type { Log } from '@causeway/service';
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FAMILIAR_COOKIE, FAMILIAR_SECONDS } from './familiar-browser.ts';
import type { Providers, TenantSignIn } from './mount-oidc.ts';
import { messagePage, pageHeaders, signInPage } from './pages.ts';
import { signIn } from './sign-in.ts';

export interface SignInContext {
  readonly providers: Providers;
  readonly log: Log;
  readonly clock: () => Date;
}

const Params = z.strictObject({ tenant: z.string().max(63), uid: z.string().max(64) });
const Form = z.object({ username: z.string(), password: z.string() });
/** Name and password, percent-encoded at the worst. */
const FORM_LIMIT = 16 * 1024;

/** The pages between the application's request and its answer; oidc-provider sends the browser here and back. */
export function registerSignIn(server: FastifyInstance, context: SignInContext): void {
  server.register(async pages => {
    await pages.register(formbody, { bodyLimit: FORM_LIMIT });
    const url = '/t/:tenant/sign-in/:uid';
    const config = { access: ['public'] };
    pages.get(url, { config }, async (request, reply) => {
      const at = await begin(context, request, reply);
      if (!at) return reply;
      return show(reply, at, { name: at.hint, failed: false });
    });
    pages.post(url, { config, bodyLimit: FORM_LIMIT }, async (request, reply) => {
      const at = await begin(context, request, reply);
      if (!at) return reply;
      const form = Form.safeParse(request.body);
      const { username, password } = form.success ? form.data : { username: '', password: '' };
      const signedIn = await signIn(
        at.tenant.scope,
        at.tenant.keys,
        {
          name: username.trim(),
          password,
          familiarCookie: readCookie(request.headers.cookie, FAMILIAR_COOKIE),
          address: request.ip,
        },
        context.clock(),
        context.log,
      );
      if (!signedIn) return show(reply.status(400), at, { name: username.slice(0, 1024), failed: true });
      const { provider } = at.tenant;
      const result = { login: { accountId: signedIn.userId, remember: false } };
      const returnTo = await provider.interactionResult(request.raw, reply.raw, result);
      const secure = new URL(provider.issuer).protocol === 'https:' ? '; Secure' : '';
      const path = new URL(provider.issuer).pathname.replace(/oidc$/, 'sign-in');
      return reply
        .header(
          'set-cookie',
          `${FAMILIAR_COOKIE}=${signedIn.familiarCookie}; Path=${path}; Max-Age=${FAMILIAR_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
        )
        .headers(pageHeaders(at.applicationOrigin))
        .redirect(returnTo, 303);
    });
  });
}

interface Interaction {
  readonly tenant: TenantSignIn;
  readonly applicationOrigin: string | undefined;
  /** The name that the application proposes. */
  readonly hint: string;
}

/** The sign-in that this browser is in the middle of; undefined when it is none, and that has been said. */
async function begin(
  context: SignInContext,
  request: FastifyRequest,
  reply: FastifyReply,
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
    if (details.uid !== params.data.uid || details.prompt.name !== 'login') return expired();
    const { redirect_uri: redirectUri, login_hint: hint } = details.params;
    return {
      tenant,
      applicationOrigin: typeof redirectUri === 'string' ? new URL(redirectUri).origin : undefined,
      hint: typeof hint === 'string' ? hint.slice(0, 1024) : '',
    };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 400) return expired(); // no cookie, or too old
    throw error;
  }
}

function show(reply: FastifyReply, at: Interaction, page: { name: string; failed: boolean }): FastifyReply {
  return reply
    .headers(pageHeaders(at.applicationOrigin))
    .send(signInPage({ tenantName: at.tenant.scope.tenantName, ...page }));
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').slice(0, 8192).split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
