import { createServer, type HttpServer, type RegisteredRoute } from '@causeway/api';
import {
  ACCEPTED_RECORDS,
  ACCEPTS_HEADER,
  CLOUD_RECEIPT,
  FOREST_REPORT,
  GROUP_REPORT,
  writeAccepts,
} from '@causeway/contract';
import type { Log } from '@causeway/service';
import { registerAdministration } from './api/administration.ts';
import { registerAdministrators } from './api/administrators.ts';
import { registerApplications } from './api/applications.ts';
import { registerEnrolment } from './api/enrolment.ts';
import { registerGroups } from './api/groups.ts';
import { registerLocal } from './api/local.ts';
import { registerLosses } from './api/losses.ts';
import { registerManagedDomain } from './api/managed-domain.ts';
import { registerNames } from './api/names.ts';
import { registerProvisioning } from './api/provisioning.ts';
import { registerGroupProvisioning } from './api/provisioning-groups.ts';
import { registerStaging } from './api/staging.ts';
import { registerStored } from './api/stored.ts';
import { registerUsers } from './api/users.ts';
import type { TenantConfiguration } from './configuration.ts';
import { registerRefusals } from './sign-in/groups/refusal-routes.ts';
import { mountOidc, Providers } from './sign-in/mount-oidc.ts';
import { registerPasswordPages } from './sign-in/password-routes.ts';
import { PeopleGate } from './sign-in/people-gate.ts';
import { registerSignIn } from './sign-in/sign-in-routes.ts';
import type { Installation } from './tenancy/installation.ts';

export interface ServerContext {
  readonly installation: Installation;
  readonly log: Log;
  /** Known once the server listens, because the system may choose the port. */
  readonly publicUrl: () => string;
  readonly minimumAgentVersion: string;
}

const ACCEPTS = writeAccepts([...ACCEPTED_RECORDS, FOREST_REPORT, GROUP_REPORT, CLOUD_RECEIPT]);

/** The public HTTP server; `onRoute` sees every route as it is registered. */
export function makePublicServer(
  context: ServerContext,
  { tls, trustedProxies }: Pick<TenantConfiguration, 'tls' | 'trustedProxies'>,
  onRoute?: (route: RegisteredRoute) => void,
): HttpServer {
  const server = createServer({ log: context.log, tls, trustedProxies });
  if (onRoute) server.addHook('onRoute', onRoute);
  server.addHook('onRequest', async (_request, reply) => {
    reply.header(ACCEPTS_HEADER, ACCEPTS);
  });
  registerEnrolment(server, context);
  registerProvisioning(server, context);
  registerGroupProvisioning(server, context);
  registerStored(server, context);
  registerStaging(server, context);
  registerManagedDomain(server, context);
  registerAdministration(server, context);
  registerAdministrators(server, context);
  registerApplications(server, context);
  registerUsers(server, context);
  registerGroups(server, context);
  registerNames(server, context);
  registerLosses(server, context);
  const providers = new Providers(context.installation, context.publicUrl, context.log);
  const gate = new PeopleGate(context.installation.clock);
  mountOidc(server, providers, gate, context.publicUrl);
  const signIn = { providers, gate, log: context.log };
  registerSignIn(server, signIn);
  registerPasswordPages(server, signIn);
  registerRefusals(server, signIn);
  return server;
}

/** The HTTP server on the Unix socket. */
export function makeLocalServer(context: ServerContext): HttpServer {
  const server = createServer({ log: context.log });
  registerLocal(server, context);
  return server;
}
