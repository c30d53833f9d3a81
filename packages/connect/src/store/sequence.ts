import type { Database } from './database.ts';

/**
 * Reserves the sequences of `count` records: ascending, and above every one that this Connect ever used, also when the
 * clock went back. On the disk before anything that is signed with them leaves ("larger of last + 1 and the clock in
 * microseconds").
 *
 * @returns the first one
 */
export function reserveSequences(db: Database, count: number): number {
  return db.transaction(() => {
    const { last } = db.get<{ last: number }>('SELECT last FROM sequence')!;
    const first = Math.max(last + 1, db.clock.now() * 1000);
    db.run('UPDATE sequence SET last = ?', first + count - 1);
    return first;
  });
}
