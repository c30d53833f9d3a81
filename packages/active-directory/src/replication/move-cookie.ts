import type { Guid } from '@causeway/wire';
import type { ReplicationCookie } from './replication.ts';

/**
 * A cookie for another domain controller of the same domain ([MS-DRSR] 4.1.10.1.1): the marks are worth nothing there, and the vector
 * of what is known keeps it from sending that again.
 */
export const moveReplicationCookie = (cookie: ReplicationCookie, invocationId: Guid): ReplicationCookie => ({
  ...cookie,
  invocationId,
  highWaterMark: { highObjUpdate: '0', reserved: '0', highPropUpdate: '0' },
});
