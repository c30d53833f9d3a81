export type {
  FastifyInstance as HttpServer,
  FastifyReply as HttpReply,
  FastifyRequest as HttpRequest,
  RouteHandlerMethod as HttpHandler,
  RouteOptions as RegisteredRoute,
} from 'fastify';
export {
  enrolAgent,
  type Identity,
  type IdentityFiles,
  makeLostKey,
  openTenant,
  readIdentity,
  saveIdentity,
} from './agent/identity.ts';
export { describeOtherRuns } from './agent/run.ts';
export {
  askedWait,
  CallError,
  call,
  callIfServed,
  isRemoved,
  type Send,
} from './call/call.ts';
export { callLocally, type LocalService, serviceIn } from './call/call-locally.ts';
export { type Endpoint, tenantEndpoint } from './call/endpoint.ts';
export { hearing } from './call/hearing.ts';
export { agentSend, httpSend } from './call/send.ts';
export { answering, askOrDo } from './serve/at-hand.ts';
export { type Handlers, type RouteTable, serveTable } from './serve/handlers.ts';
export { createServer, listen, takeForms } from './serve/http-server.ts';
export { pageThatFits } from './serve/page-that-fits.ts';
export { type LocalSocket, serveLocally } from './serve/serve-locally.ts';
export { bearerToken, type ServedInput, type ServeOptions, serveRoute } from './serve/serve-route.ts';
