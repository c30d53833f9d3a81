export type { CrackedName, DomainControllerInfo } from '@causeway/protocols';
export { NameFormat } from '@causeway/protocols';
export { createAccountCommand } from './account/account-command.ts';
export {
  type ConnectorAccount,
  createConnectorAccount,
  DEFAULT_CONNECTOR_ACCOUNT,
  grantReplicationRights,
} from './account/connector-account.ts';
export { seesDeletedObjects } from './account/deleted-objects.ts';
export {
  type GrantCommands,
  ReplicationRight,
  replicationGrantCommands,
  rightName,
} from './account/grant-commands.ts';
export { type AccountPermissions, probePermissions } from './account/permissions.ts';
export { CALL_ERRORS, callTodo } from './call-errors.ts';
export { replicationCommands } from './commands.ts';
export {
  type DirectoryIdentity,
  type DirectoryRoots,
  dnsNameOf,
  domainSidOf,
  readDirectoryIdentity,
  readDirectoryRoots,
} from './directory-identity.ts';
export type { AttributeShape } from './import/attribute-shape.ts';
export { GROUP_ATTRIBUTES, GROUP_FILTER } from './import/group-attributes.ts';
export type { FullImportReason } from './import/import-cookie.ts';
export { importedUpTo, moveImportCookie } from './import/import-cookie.ts';
export { type ImportOptions, type ImportPage, importObjects } from './import/import-objects.ts';
export type { ImportedObject } from './import/imported-object.ts';
export type { MemberChanges, MemberValue } from './import/member-changes.ts';
export { type MemberListPart, readMemberLists, readMemberOf } from './import/member-lists.ts';
export {
  CONTAINER_FILTER,
  isContainer,
  OBJECT_ATTRIBUTES,
  OBJECT_FILTER,
} from './import/object-attributes.ts';
export { readObjects } from './import/read-objects.ts';
export {
  EXCHANGE_ATTRIBUTES,
  USER_ATTRIBUTES,
  USER_FILTER,
  type UserAttribute,
} from './import/user-attributes.ts';
export {
  type AttributeSchema,
  readAttributeSchema,
  whyNoCondition,
} from './metadata/attribute-schema.ts';
export {
  type AttributeStamps,
  readAttributeStamps,
  type StampedAttribute,
} from './metadata/attribute-stamps.ts';
export { isReadOnlyController } from './metadata/read-only.ts';
export {
  covers,
  coversChange,
  mergeVectors,
  readUpToDateVector,
  type UpToDateVector,
} from './metadata/up-to-date-vector.ts';
export { openReplication } from './replication/connection.ts';
export { wipeUser } from './replication/decode-user.ts';
export { moveReplicationCookie } from './replication/move-cookie.ts';
export type {
  FullCycleReason,
  ReplicatedUser,
  ReplicationAccount,
  ReplicationConnection,
  ReplicationCookie,
  ReplicationOptions,
  ReplicationPage,
} from './replication/replication.ts';
export { ReplicationError, type ReplicationErrorCode } from './replication/replication-error.ts';
