import { encodeGuid, type Guid } from '@causeway/wire';

/** What replication metadata says of one write of `unicodePwd`: which of two passwords is the newer. */
export interface PasswordOrder {
  /** How often the attribute has been written. */
  version: number;
  /** Seconds since 1601-01-01 UTC (DSTIME). */
  originatingTime: number;
  /** The DC database that the write was made in. */
  originatingInvocationId: Guid;
}

/**
 * Compares as Active Directory itself does when two writes meet ([MS-DRSR] 5.11, AttributeStamp): version, then
 * time, then the bytes of the invocation id. 0 only for one and the same write.
 */
export function comparePasswordOrder(a: PasswordOrder, b: PasswordOrder): -1 | 0 | 1 {
  if (a.version !== b.version) return a.version < b.version ? -1 : 1;
  if (a.originatingTime !== b.originatingTime) return a.originatingTime < b.originatingTime ? -1 : 1;
  return Buffer.compare(encodeGuid(a.originatingInvocationId), encodeGuid(b.originatingInvocationId));
}
