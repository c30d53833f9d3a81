import type { HttpReply, HttpRequest, HttpServer } from '@causeway/api';
import { findUserById } from '../../people/users.ts';
import { begin, type Interaction, pathOf, type SignInContext } from '../interaction.ts';
import { escapeHtml, page, pageHeaders } from '../pages.ts';
import { REFUSAL, WHY } from './assignment.ts';

/** The page that ends a sign-in to an application that is not for this user. */
export function registerRefusals(server: HttpServer, context: SignInContext): void {
  server.register(async pages => {
    context.gate.guard(pages, () => 'goes-on');
    // A button without fields: nothing reads its body.
    pages.removeAllContentTypeParsers();
    pages.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const url = '/t/:tenant/sign-in/:uid/refused';
    const config = { access: ['public'] };
    pages.get(url, { config }, async (request, reply) => {
      const at = await begin(context, request, reply, REFUSAL);
      return at ? show(context, request, reply, at) : reply;
    });
    pages.post(url, { config }, async (request, reply) => {
      const at = await begin(context, request, reply, REFUSAL);
      if (!at) return reply;
      const result = { error: 'access_denied', error_description: WHY };
      const returnTo = await at.tenant.provider.interactionResult(request.raw, reply.raw, result);
      return reply.headers(pageHeaders(at.applicationOrigin)).redirect(returnTo, 303);
    });
  });
}

async function show(
  { log }: SignInContext,
  request: HttpRequest,
  reply: HttpReply,
  at: Interaction,
): Promise<HttpReply> {
  const { scope, provider } = at.tenant;
  const client = await provider.Client.find(at.clientId);
  const user = at.accountId === undefined ? undefined : await findUserById(scope, at.accountId);
  const tenant = scope.tenantName;
  log.warn(
    { tenant, userId: user?.id, clientId: at.clientId, address: request.ip },
    'sign-in refused: the user is not in a group that the application requires',
  );
  const application = escapeHtml(client?.clientName ?? 'The application');
  const who = user?.sign_in_name == null ? '' : ` You are signed in as ${escapeHtml(user.sign_in_name)}.`;
  return reply
    .status(403)
    .headers(pageHeaders(at.applicationOrigin))
    .send(
      page(
        'No access',
        `<h1>No access</h1>
<p role="alert">${application} is for members of a group that you are not in.${who}</p>
<p>If you need it, ask an administrator of ${escapeHtml(tenant)} to add you to the group. To sign in as somebody else,
<a href="${escapeHtml(pathOf(at.tenant, '/oidc/session/end'))}">sign out</a> first.</p>
<form method="post"><button type="submit">Back to the application</button></form>`,
      ),
    );
}
