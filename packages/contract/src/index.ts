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
} from './accepts.ts';
export * from './administration.ts';
export * from './administrators.ts';
export * from './applications.ts';
export { CallError, call, callIfServed, isRemoved, requestPath, type Send } from './client.ts';
export * from './common.ts';
export * from './connect-administration.ts';
export * from './connect-status.ts';
export { type AgentIdentity, agentSend, type Endpoint, httpSend } from './endpoint.ts';
export * from './enrolment.ts';
export * from './groups.ts';
export * from './managed-domain.ts';
export * from './names.ts';
export { type ApiName, apis, openApiDocument } from './openapi.ts';
export { type Access, type CallInput, fillPath, type ReplyOf, type Route, route } from './route.ts';
export * from './synchronization.ts';
export * from './users.ts';
export { compareVersions, isVersion, PROGRAM_VERSION, VERSION_HEADER } from './version.ts';
