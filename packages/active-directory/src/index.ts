export type { CrackedName, DomainControllerInfo } from '@causeway/protocols';
export { NameFormat } from '@causeway/protocols';
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
