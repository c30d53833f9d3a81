export * from './common.ts';
export * from './connect/comparison.ts';
export * from './connect/connectors.ts';
export * from './connect/group-status.ts';
export * from './connect/held.ts';
export * from './connect/metaverse.ts';
export * from './connect/objects.ts';
export * from './connect/pairing.ts';
export * from './connect/parameters.ts';
export * from './connect/password-sync.ts';
export * from './connect/preview.ts';
export * from './connect/routes.ts';
export * from './connect/runs.ts';
export * from './connect/scheduler.ts';
export * from './connect/settings.ts';
export * from './connect/status.ts';
export * from './connect/tokens.ts';
export * from './connect/user-status.ts';
export * from './domain/administrators.ts';
export * from './domain/decisions.ts';
export * from './domain/held.ts';
export * from './domain/names.ts';
export * from './domain/people.ts';
export * from './domain/routes.ts';
export * from './domain/sids.ts';
export * from './domain/status.ts';
export {
  ACCEPTED_RECORDS,
  ACCEPTS_HEADER,
  CLOUD_RECEIPT,
  EPOCH_RECORDS,
  FOREST_REPORT,
  GROUP_RECORDS,
  GROUP_REPORT,
  isReadBy,
  RecordName,
  RecordNames,
  readAccepts,
  USER_RECORDS,
  writeAccepts,
} from './http/accepts.ts';
export {
  type Access,
  type AccessOf,
  type BodyOf,
  type CallInput,
  fillPath,
  type ReplyOf,
  type Route,
  requestPath,
  route,
} from './http/route.ts';
export * from './http/run.ts';
export { compareVersions, isVersion, PROGRAM_VERSION, VERSION_HEADER } from './http/version.ts';
export { type ApiName, apis, CALLERS, openApiDocument } from './openapi.ts';
export * from './tenant/administration.ts';
export * from './tenant/administrators.ts';
export * from './tenant/applications.ts';
export * from './tenant/enrolment.ts';
export * from './tenant/groups.ts';
export * from './tenant/losses.ts';
export * from './tenant/managed-domain.ts';
export * from './tenant/names.ts';
export * from './tenant/profile.ts';
export * from './tenant/staging.ts';
export * from './tenant/stored.ts';
export * from './tenant/synchronization.ts';
export * from './tenant/synchronized-groups.ts';
export * from './tenant/users.ts';
