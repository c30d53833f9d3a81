import { encodeGuid, type Guid } from '@causeway/wire';

/** What replication metadata holds about one write of `unicodePwd`. It tells which of two passwords is newer. */
export interface PasswordOrder {
  /** Rises when an administrator accepts that the forest was restored. Absent is 0: it never was. */
  epoch?: number | undefined;
  /** How often the attribute was written: 32 bits, from 1, and 0 after 4294967295. */
  version: number;
  /** Seconds since 1601-01-01 UTC (DSTIME). */
  originatingTime: number;
  /** The DC database in which the write was made. */
  originatingInvocationId: Guid;
}

const HALF_RANGE = 2 ** 31;

/** The same order in an epoch of the forest. Epoch 0 leaves it out, as ever. */
export function inEpoch({ epoch: _, ...order }: PasswordOrder, epoch: number): PasswordOrder {
  return epoch > 0 ? { epoch, ...order } : order;
}

/**
 * Compares the epoch first. Within one epoch, compares as Active Directory itself does when two writes meet ([MS-DRSR] 5.11,
 * AttributeStamp): version, then time, then the bytes of the invocation id. Returns 0 only for the same write in the same epoch.
 */
export function comparePasswordOrder(a: PasswordOrder, b: PasswordOrder): -1 | 0 | 1 {
  const [epochOfA, epochOfB] = [a.epoch ?? 0, b.epoch ?? 0];
  return epochOfA === epochOfB ? compareWrites(a, b) : epochOfA < epochOfB ? -1 : 1;
}

/** Whether both are of one write, and so of one password, in whichever epoch. */
export const isSameWrite = (a: PasswordOrder, b: PasswordOrder): boolean => compareWrites(a, b) === 0;

function compareWrites(a: PasswordOrder, b: PasswordOrder): -1 | 0 | 1 {
  // A wrapped version is newer: of two that are more than half the range apart, the smaller.
  const apart = Math.abs(a.version - b.version);
  if (apart !== 0) return a.version < b.version === apart <= HALF_RANGE ? -1 : 1;
  if (a.originatingTime !== b.originatingTime) return a.originatingTime < b.originatingTime ? -1 : 1;
  if (a.originatingInvocationId === b.originatingInvocationId) return 0;
  return Buffer.compare(encodeGuid(a.originatingInvocationId), encodeGuid(b.originatingInvocationId));
}
