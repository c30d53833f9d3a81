import type { Database } from './database.ts';

/** How far ahead of the clock sequences are reserved on disk, in microseconds: within that time it waits for the disk once. */
const AHEAD_US = 10_000_000;

/** Sequences reserved on disk and not used yet. */
interface Reserved {
  next: number;
  readonly end: number;
}
const reserved = new WeakMap<Database, Reserved>();

/**
 * Reserves the sequences of `count` records, ascending and above every sequence this Connect ever used, even if the clock went back. They
 * are on disk before anything signed with them is sent ("larger of last + 1 and the clock in microseconds").
 *
 * @param along is stored with it if it waits for the disk
 * @returns the first one
 */
export function reserveSequences(db: Database, count: number, along?: () => void): number {
  const known = reserved.get(db);
  const clock = db.clock.now() * 1000;
  const first = Math.max(known?.next ?? 0, clock);
  if (known && first + count - 1 <= known.end) {
    known.next = first + count;
    return first;
  }
  // If the transaction fails, its reservation is undone with it, so keep nothing in memory, not even the earlier reservation.
  reserved.delete(db);
  const ahead = db.inTransaction ? 0 : AHEAD_US;
  return db.transaction(() => {
    const { last } = lastReserved(db);
    const first = Math.max(known?.end === last ? known.next : last + 1, clock);
    const next = first + count;
    const end = next - 1 + ahead;
    db.run('UPDATE sequence SET last = ?', end);
    along?.();
    if (ahead > 0) reserved.set(db, { next, end });
    return first;
  });
}

/** At least this many sequences must be left over. Nobody signs so many records. */
const LEFT = 10 ** 12;
/** How far beyond what is known here an unverified number may move the counter, in microseconds. */
const UNVERIFIED_US = 300_000_000;

/**
 * From now on every sequence is larger than this one, which the managed domain signed that it accepted. Otherwise a Connect whose state or
 * clock went back would be rejected as older until it catches up.
 */
export function raiseSequences(db: Database, above: number): 'raised' | 'above already' | 'exhausted' {
  if (isExhausting(above)) return 'exhausted';
  const { last } = lastReserved(db);
  if (above < (reserved.get(db)?.next ?? last + 1)) return 'above already';
  reserved.delete(db);
  db.run('UPDATE sequence SET last = ?', Math.max(last, above));
  return 'raised';
}

/** Whether too few sequences would be left above this one. */
export const isExhausting = (sequence: number): boolean => sequence > Number.MAX_SAFE_INTEGER - LEFT;

/** The same for a sequence without a signature: at most five minutes beyond the larger of clock and counter. */
export function raiseUnverified(db: Database, above: number): ReturnType<typeof raiseSequences> {
  const known = Math.max(lastReserved(db).last, db.clock.now() * 1000);
  return raiseSequences(db, Math.min(above, known + UNVERIFIED_US));
}

const lastReserved = (db: Database) => db.get<{ last: number }>('SELECT last FROM sequence')!;
