import { type HttpReply, type HttpRequest, type HttpServer, takeForms } from '@causeway/api';
import { z } from 'zod';
import { type ChangeOutcome, changePassword } from './change-password.ts';
import {
  begin,
  complete,
  FORM_LIMIT,
  pathOf,
  readFamiliarCookie,
  remember,
  type SignInContext,
} from './interaction.ts';
import type { TenantSignIn } from './mount-oidc.ts';
import { pageHeaders } from './pages.ts';
import { passwordChangedPage, passwordPage } from './password-page.ts';
import { stepOfForm } from './people-gate.ts';

interface OfTenant {
  Params: { tenant: string };
}
const Form = z.object({
  username: z.string(),
  password: z.string(),
  'new-password': z.string(),
  repeated: z.string(),
});
type Form = z.infer<typeof Form>;

/**
 * The page where users change their password: during a sign-in with a temporary one, and at an address of its own.
 * No cookie identifies the user at either. The form brings name and current password, so a forged one (CSRF) changes
 * nothing.
 */
export function registerPasswordPages(server: HttpServer, context: SignInContext): void {
  server.register(async pages => {
    await takeForms(pages, FORM_LIMIT);
    const config = { access: ['public'] };

    context.gate.guard(pages, stepOfForm);
    const inSignIn = '/t/:tenant/sign-in/:uid/password';
    pages.get(inSignIn, { config }, async (request, reply) => {
      const at = await begin(context, request, reply);
      if (!at) return reply;
      const action = pathOf(at.tenant, `/sign-in/${at.uid}/password`);
      return show(reply, at.tenant, { action, name: at.hint, temporary: true }, at.applicationOrigin);
    });
    pages.post(inSignIn, { config, bodyLimit: FORM_LIMIT }, async (request, reply) => {
      const at = await begin(context, request, reply);
      if (!at) return reply;
      const form = readForm(request);
      const outcome = await change(context, at.tenant, request, form);
      if (outcome.changed) return complete(request, reply, at, outcome.signedIn);
      const action = pathOf(at.tenant, `/sign-in/${at.uid}/password`);
      const again = { action, name: form.username, temporary: true, problem: outcome.problem };
      return show(reply.status(400), at.tenant, again, at.applicationOrigin);
    });

    const ownAddress = '/t/:tenant/password';
    pages.get<OfTenant>(ownAddress, { config }, async (request, reply) => {
      const tenant = await context.providers.get(request.params.tenant);
      return show(reply, tenant, { action: pathOf(tenant, '/password'), name: '', temporary: false });
    });
    pages.post<OfTenant>(ownAddress, { config, bodyLimit: FORM_LIMIT }, async (request, reply) => {
      const tenant = await context.providers.get(request.params.tenant);
      const form = readForm(request);
      const outcome = await change(context, tenant, request, form);
      if (outcome.changed) {
        return remember(reply, tenant, outcome.signedIn).headers(pageHeaders()).send(passwordChangedPage());
      }
      const action = pathOf(tenant, '/password');
      const again = { action, name: form.username, temporary: false, problem: outcome.problem };
      return show(reply.status(400), tenant, again);
    });
  });
}

function readForm(request: HttpRequest): Form {
  const form = Form.safeParse(request.body);
  return form.success ? form.data : { username: '', password: '', 'new-password': '', repeated: '' };
}

function change(
  context: SignInContext,
  { scope, keys }: TenantSignIn,
  request: HttpRequest,
  form: Form,
): Promise<ChangeOutcome> {
  const asked = {
    name: form.username.trim(),
    password: form.password,
    newPassword: form['new-password'],
    repeated: form.repeated,
    familiarCookie: readFamiliarCookie(request),
    address: request.ip,
  };
  return changePassword(scope, keys, asked, context.log);
}

function show(
  reply: HttpReply,
  tenant: TenantSignIn,
  form: { action: string; name: string; temporary: boolean; problem?: string },
  applicationOrigin?: string,
): HttpReply {
  const { tenantName } = tenant.scope;
  return reply
    .headers(pageHeaders(applicationOrigin))
    .send(passwordPage({ ...form, tenantName, name: form.name.slice(0, 1024) }));
}
