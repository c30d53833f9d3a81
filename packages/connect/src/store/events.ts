import { describeError, isDiskError, type Log } from '@causeway/service';
import type { Database } from './database.ts';

/** The original's event ids that Connect uses (source "Directory Synchronization"). */
export const EventId = {
  accessDenied: 115,
  deletionThreshold: 116,
  started: 601,
  stopping: 602,
  retryQueued: 605,
  retryTaken: 606,
  stopped: 609,
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
  changeRequest: 656,
  changeResult: 657,
  managedDomain: 658,
  singleObjectFailed: 664,
  runErrors: 6100,
  /** The original's audit events: a directory's settings saved, and password hash synchronization switched. */
  connectorSaved: 2503,
  passwordSyncSwitched: 2506,
  /** The scheduler's: what it begins and what somebody ends. */
  fullCycle: 904,
  scheduler: 904,
} as const;

export interface Event {
  at: string;
  eventId: number;
  level: 'info' | 'warn' | 'error';
  connector: string | null;
  text: string;
}

/**
 * The event log: kept as long as the scheduler's purge interval says (a week), and said in the service's log too. An event that a full
 * or failing disk does not take is in the service's log alone, and harms nothing else; within a transaction it fails with that.
 */
export class Events {
  readonly #db: Database;
  readonly #log: Log;

  constructor(db: Database, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  add(eventId: number, level: Event['level'], connector: string | null, text: string): void {
    this.#log[level]({ eventId, ...(connector !== null && { connector }) }, text);
    const sql = 'INSERT INTO event (at, event_id, level, connector, text) VALUES (?, ?, ?, ?, ?)';
    try {
      this.#db.run(sql, this.#db.timestamp(), eventId, level, connector, text);
    } catch (error) {
      if (this.#db.inTransaction || !isDiskError(error)) throw error;
      this.#log.error({ eventId, err: describeError(error) }, 'the event is not stored');
    }
  }

  /** Said in the service's log alone: what comes with every batch and every user is too much for the state. */
  tell(eventId: number, connector: string, text: string): void {
    this.#log.info({ eventId, connector }, text);
  }

  prune(keptSeconds: number): void {
    const before = new Date(this.#db.clock.now() - keptSeconds * 1000).toISOString();
    this.#db.run('DELETE FROM event WHERE at < ?', before);
  }

  /** The last event of an id; the heartbeat's, for example. */
  lastOf(eventId: number): Event | undefined {
    return this.#db.get<Event>(
      `SELECT at, event_id AS eventId, level, connector, text FROM event WHERE event_id = ? ORDER BY id DESC LIMIT 1`,
      eventId,
    );
  }

  last(count: number): Event[] {
    return this.#db.all<Event & Record<string, unknown>>(
      'SELECT at, event_id AS eventId, level, connector, text FROM event ORDER BY id DESC LIMIT ?',
      count,
    );
  }
}
