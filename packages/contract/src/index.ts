export * from './common.ts';
export * from './connect/connect-administration.ts';
export * from './connect/connect-status.ts';
export {
  ACCEPTED_RECORDS,
  ACCEPTS_HEADER,
  FOREST_REPORT,
  hearing,
  isReadBy,
  RecordName,
  RecordNames,
  readAccepts,
  writeAccepts,
} from './http/accepts.ts';
export {
  askedWait,
  CallError,
  call,
  callIfServed,
  isRemoved,
  requestPath,
  type Send,
} from './http/client.ts';
export type { AgentIdentity, Endpoint } from './http/endpoint.ts';
export { type Access, type CallInput, fillPath, type ReplyOf, type Route, route } from './http/route.ts';
export { agentSend, httpSend } from './http/send.ts';
export { compareVersions, isVersion, PROGRAM_VERSION, VERSION_HEADER } from './http/version.ts';
export { type ApiName, apis, openApiDocument } from './openapi.ts';
export * from './tenant/administration.ts';
export * from './tenant/administrators.ts';
export * from './tenant/applications.ts';
export * from './tenant/enrolment.ts';
export * from './tenant/groups.ts';
export * from './tenant/managed-domain.ts';
export * from './tenant/names.ts';
export * from './tenant/synchronization.ts';
export * from './tenant/users.ts';
