import { encodeGuid, type Guid } from '@causeway/wire';

/** What replication metadata says of one write of `unicodePwd`: which of two passwords is the newer. */
export interface PasswordOrder {
  /** How often the attribute has been written: 32 bits, from 1, and 0 after 4294967295. */
  version: number;
  /** Seconds since 1601-01-01 UTC (DSTIME). */
  originatingTime: number;
  /** The DC database that the write was made in. */
  originatingInvocationId: Guid;
}

const HALF_RANGE = 2 ** 31;

/**
 * Compares as Active Directory itself does when two writes meet ([MS-DRSR] 5.11, AttributeStamp): version, then
 * time, then the bytes of the invocation id. 0 only for one and the same write.
 */
export function comparePasswordOrder(a: PasswordOrder, b: PasswordOrder): -1 | 0 | 1 {
  // A version that has wrapped is the newer one: of two more than half the range apart, the smaller.
  const apart = Math.abs(a.version - b.version);
  if (apart !== 0) return a.version < b.version === apart <= HALF_RANGE ? -1 : 1;
  if (a.originatingTime !== b.originatingTime) return a.originatingTime < b.originatingTime ? -1 : 1;
  if (a.originatingInvocationId === b.originatingInvocationId) return 0;
  return Buffer.compare(encodeGuid(a.originatingInvocationId), encodeGuid(b.originatingInvocationId));
}
