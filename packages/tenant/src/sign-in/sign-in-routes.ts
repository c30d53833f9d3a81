import { type HttpReply, type HttpServer, takeForms } from '@causeway/api';
import { z } from 'zod';
import {
  begin,
  complete,
  FORM_LIMIT,
  type Interaction,
  pathOf,
  readFamiliarCookie,
  type SignInContext,
} from './interaction.ts';
import { pageHeaders, signInPage } from './pages.ts';
import { passwordPage } from './password-page.ts';
import { stepOfForm } from './people-gate.ts';
import { signIn } from './sign-in.ts';

const Form = z.object({ username: z.string(), password: z.string() });

/** The page between the application's request and its answer; oidc-provider sends the browser here and back. */
export function registerSignIn(server: HttpServer, context: SignInContext): void {
  server.register(async pages => {
    await takeForms(pages, FORM_LIMIT);
    context.gate.guard(pages, stepOfForm);
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
          familiarCookie: readFamiliarCookie(request),
          address: request.ip,
        },
        context.log,
      );
      if (!signedIn) return show(reply.status(400), at, { name: username.slice(0, 1024), failed: true });
      // A temporary password opens nothing but the page that changes it.
      if (signedIn.user.must_change) return showChange(reply, at, signedIn.user.user_principal_name);
      return complete(request, reply, at, signedIn);
    });
  });
}

function show(reply: HttpReply, at: Interaction, page: { name: string; failed: boolean }): HttpReply {
  return reply
    .headers(pageHeaders(at.applicationOrigin))
    .send(signInPage({ tenantName: at.tenant.scope.tenantName, ...page }));
}

function showChange(reply: HttpReply, at: Interaction, name: string): HttpReply {
  const action = pathOf(at.tenant, `/sign-in/${at.uid}/password`);
  const { tenantName } = at.tenant.scope;
  return reply
    .headers(pageHeaders(at.applicationOrigin))
    .send(passwordPage({ tenantName, action, name, temporary: true }));
}
