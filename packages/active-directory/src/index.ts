export type { CrackedName, DomainControllerInfo } from '@causeway/protocols';
export { NameFormat } from '@causeway/protocols';
export { createAccountCommand } from './account-command.ts';
export { replicationCommands } from './commands.ts';
export {
  type ConnectorAccount,
  createConnectorAccount,
  DEFAULT_CONNECTOR_ACCOUNT,
  grantReplicationRights,
} from './connector-account.ts';
export { seesDeletedObjects } from './deleted-objects.ts';
export {
  type DirectoryIdentity,
  type DirectoryRoots,
  dnsNameOf,
  domainSidOf,
  readDirectoryIdentity,
  readDirectoryRoots,
} from './directory-identity.ts';
export {
  type GrantCommands,
  ReplicationRight,
  replicationGrantCommands,
  rightName,
} from './grant-commands.ts';
export type { FullImportReason } from './import-cookie.ts';
export { type ImportOptions, type ImportPage, importObjects } from './import-objects.ts';
export type { ImportedObject } from './imported-object.ts';
export { type AccountPermissions, probePermissions } from './permissions.ts';
export { readObjects } from './read-objects.ts';
export { openReplication } from './replication/connection.ts';
export { wipeUser } from './replication/decode-user.ts';
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
export { type AttributeShape, USER_ATTRIBUTES, USER_FILTER, type UserAttribute } from './user-attributes.ts';
