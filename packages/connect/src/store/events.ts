import type { Log } from '@causeway/service';
import type { Database } from './database.ts';

/** The original's event ids that Connect uses (source "Directory Synchronization"). */
export const EventId = {
  accessDenied: 115,
  deletionThreshold: 116,
  started: 601,
  stopping: 602,
  retryQueued: 605,
  retryTaken: 606,
  channelFailed: 611,
  waitingForFullImport: 613,
  domainControllerFailed: 616,
  fullPassStarted: 617,
  fullPassDomain: 618,
  fullPassProgress: 619,
  fullPassFailed: 621,
  fullPassDomainCompleted: 622,
  fullPassCompleted: 623,
  batchStart: 650,
  batchEnd: 651,
  batchFailed: 652,
  pingStart: 653,
  pingEnd: 654,
  pingFailed: 655,
  managedDomain: 658,
  runErrors: 6100,
  fullCycle: 904,
} as const;

export interface Event {
  at: string;
  eventId: number;
  level: 'info' | 'warn' | 'error';
  connector: string | null;
  text: string;
}

const KEPT_DAYS = 7;

/** The event log: kept for seven days, as the original keeps its per-object log, and said in the service's log too. */
export class Events {
  readonly #db: Database;
  readonly #log: Log;

  constructor(db: Database, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  add(eventId: number, level: Event['level'], connector: string | null, text: string): void {
    this.#log[level]({ eventId, ...(connector !== null && { connector }) }, text);
    this.#db.run(
      'INSERT INTO event (at, event_id, level, connector, text) VALUES (?, ?, ?, ?, ?)',
      new Date().toISOString(),
      eventId,
      level,
      connector,
      text,
    );
  }

  prune(now: Date = new Date()): void {
    this.#db.run(
      'DELETE FROM event WHERE at < ?',
      new Date(now.getTime() - KEPT_DAYS * 86_400_000).toISOString(),
    );
  }

  last(count: number): Event[] {
    return this.#db.all<Event & Record<string, unknown>>(
      'SELECT at, event_id AS eventId, level, connector, text FROM event ORDER BY id DESC LIMIT ?',
      count,
    );
  }
}
