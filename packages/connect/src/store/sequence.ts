import type { Database } from './database.ts';

/** What is reserved on the disk ahead of the clock: within so long the disk is waited for once. In microseconds. */
const AHEAD_US = 10_000_000;

/** Sequences that are reserved on the disk and not handed out yet. */
interface Reserved {
  next: number;
  readonly end: number;
}
const reserved = new WeakMap<Database, Reserved>();

/**
 * Reserves the sequences of `count` records: ascending, and above every one that this Connect ever used, also when the
 * clock went back. On the disk before anything that is signed with them leaves ("larger of last + 1 and the clock in
 * microseconds").
 *
 * @param along is stored with it, where it waits for the disk
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
  // What a transaction reserves goes with it, if it fails: nothing is kept of it, nor of what was kept before.
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

/** What is left to count on with, at least: so many records nobody signs. */
const LEFT = 10 ** 12;
/** How far the tenant's word alone moves the counter, in microseconds beyond what is known here. */
const UNVERIFIED_US = 300_000_000;

/**
 * From now on every sequence is larger than this one, which the managed domain signed that it believed: a Connect whose state or clock
 * went back would be refused as older for as long.
 */
export function raiseSequences(db: Database, above: number): 'raised' | 'above already' | 'exhausted' {
  if (isExhausting(above)) return 'exhausted';
  const { last } = lastReserved(db);
  if (above < (reserved.get(db)?.next ?? last + 1)) return 'above already';
  reserved.delete(db);
  db.run('UPDATE sequence SET last = ?', Math.max(last, above));
  return 'raised';
}

/** Above this sequence too few are left to count on with. */
export const isExhausting = (sequence: number): boolean => sequence > Number.MAX_SAFE_INTEGER - LEFT;

/** The same for a sequence that nobody signed for: not further than five minutes beyond the larger of the clock and the counter. */
export function raiseUnverified(db: Database, above: number): ReturnType<typeof raiseSequences> {
  const known = Math.max(lastReserved(db).last, db.clock.now() * 1000);
  return raiseSequences(db, Math.min(above, known + UNVERIFIED_US));
}

const lastReserved = (db: Database) => db.get<{ last: number }>('SELECT last FROM sequence')!;
