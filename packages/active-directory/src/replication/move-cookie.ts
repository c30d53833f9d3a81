import type { Guid } from '@causeway/wire';
import type { ReplicationCookie } from './replication.ts';

/**
 * A cookie for another domain controller of the same domain ([MS-DRSR] 4.1.10.1.1). The marks mean nothing there. The vector of known
 * changes keeps it from sending those again.
 */
export const moveReplicationCookie = (cookie: ReplicationCookie, invocationId: Guid): ReplicationCookie => ({
  ...cookie,
  invocationId,
  highWaterMark: { highObjUpdate: '0', reserved: '0', highPropUpdate: '0' },
});
