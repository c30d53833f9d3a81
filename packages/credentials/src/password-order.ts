import { encodeGuid, type Guid } from '@causeway/wire';

/** What replication metadata says of one write of `unicodePwd`: which of two passwords is the newer. */
export interface PasswordOrder {
  /** Which life of the forest it is of: grows when an administrator accepts that the forest was restored. Absent as 0: it never was. */
  epoch?: number | undefined;
  /** How often the attribute has been written: 32 bits, from 1, and 0 after 4294967295. */
  version: number;
  /** Seconds since 1601-01-01 UTC (DSTIME). */
  originatingTime: number;
  /** The DC database that the write was made in. */
  originatingInvocationId: Guid;
}

const HALF_RANGE = 2 ** 31;

/** The same of a forest in a life; of its first one as ever. */
export function inEpoch({ epoch: _, ...order }: PasswordOrder, epoch: number): PasswordOrder {
  return epoch > 0 ? { epoch, ...order } : order;
}

/**
 * The epoch decides; within one, orders compare as Active Directory itself compares two writes that meet ([MS-DRSR] 5.11,
 * AttributeStamp): version, then time, then the bytes of the invocation id. 0 only for one and the same write of one epoch.
 */
export function comparePasswordOrder(a: PasswordOrder, b: PasswordOrder): -1 | 0 | 1 {
  const [epochOfA, epochOfB] = [a.epoch ?? 0, b.epoch ?? 0];
  return epochOfA === epochOfB ? compareWrites(a, b) : epochOfA < epochOfB ? -1 : 1;
}

/** Whether both are of one write, and so of one password, whatever life of the forest they were said in. */
export const isSameWrite = (a: PasswordOrder, b: PasswordOrder): boolean => compareWrites(a, b) === 0;

function compareWrites(a: PasswordOrder, b: PasswordOrder): -1 | 0 | 1 {
  // A version that has wrapped is the newer one: of two more than half the range apart, the smaller.
  const apart = Math.abs(a.version - b.version);
  if (apart !== 0) return a.version < b.version === apart <= HALF_RANGE ? -1 : 1;
  if (a.originatingTime !== b.originatingTime) return a.originatingTime < b.originatingTime ? -1 : 1;
  if (a.originatingInvocationId === b.originatingInvocationId) return 0;
  return Buffer.compare(encodeGuid(a.originatingInvocationId), encodeGuid(b.originatingInvocationId));
}
