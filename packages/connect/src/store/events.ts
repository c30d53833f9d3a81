import { describeError, isDiskError, type Log } from '@causeway/service';
import type { Database } from './database.ts';

/** An event as documented. A number may have several rows, each for another cause. */
export interface EventRow {
  /** The original's number (source "Directory Synchronization"), if one fits. */
  readonly id: number;
  readonly level: Event['level'];
  /** When it is added, in one sentence. */
  readonly when: string;
  /** What the number means in the original. */
  readonly original: string;
  /** Written only to the service's log, because there are too many for the state. */
  readonly logOnly?: true;
}

const row = (id: number, level: Event['level'], when: string, original: string): EventRow => ({
  ...{ id, level, when, original },
});
const logged = (id: number, when: string, original: string): EventRow & { readonly logOnly: true } => ({
  ...row(id, 'info', when, original),
  logOnly: true,
});

const RUN_ERRORS = 'run errors';
const SETTINGS = 'settings of a directory saved';
const SCHEDULER = 'scheduler';
const PREFERRED = 'preferred domain controller failed';
const MANAGED_DOMAIN = 'event of the managed domain';
const CHANGE_RESULT = 'result of a password change';
const QUEUED = 'object put in the retry queue';

/** Every event of Connect by name. */
export const EVENTS = {
  accessDenied: row(
    115,
    'error',
    "A domain controller denies the connector's account a read.",
    'access denied',
  ),
  deletionThreshold: row(
    116,
    'error',
    'Deletions, withdrawals, renames or objects that leave the scope wait for an administrator.',
    'deletion threshold exceeded',
  ),
  started: row(601, 'info', 'Connect starts, or a password channel starts.', 'password sync manager starts'),
  stopping: row(602, 'info', 'Connect stops.', 'password sync manager stops'),
  retryQueued: row(
    605,
    'warn',
    'An object or a password was not taken; Connect retries it soon, or after a change.',
    QUEUED,
  ),
  retryTaken: logged(
    606,
    'Connect takes passwords from the retry queue and reads them again.',
    'object taken from the retry queue',
  ),
  stopped: row(609, 'info', 'A password channel was switched off.', 'password sync stopped'),
  channelFailed: row(
    611,
    'error',
    'A cycle of a connector failed for a new reason.',
    'password sync of a domain failed',
  ),
  waitingForFullImport: row(
    613,
    'info',
    'A full password synchronization was asked for and waits for the first full import.',
    'paused: the full directory sync is not completed',
  ),
  domainControllerFailed: row(616, 'error', 'No domain controller of a connector can be used.', PREFERRED),
  domainControllerLost: row(
    616,
    'warn',
    'A domain controller failed, and Connect reads another one.',
    PREFERRED,
  ),
  domainControllerBack: row(616, 'info', 'Connect reads the preferred domain controller again.', PREFERRED),
  domainControllerLags: row(
    616,
    'warn',
    'A domain controller lacks changes that were read before, or an administrator accepted that they are lost.',
    PREFERRED,
  ),
  domainControllerCaughtUp: row(616, 'info', 'A domain controller has all that was read before.', PREFERRED),
  fullPassStarted: row(
    617,
    'info',
    'A full password synchronization starts or resumes.',
    'full sync of a forest started',
  ),
  fullPassDomain: row(618, 'info', 'It starts or resumes in a domain.', 'full sync of a domain started'),
  fullPassProgress: row(619, 'info', 'Every few seconds while it reads.', 'progress of a full sync'),
  fullPassFailed: row(621, 'error', 'It failed; Connect retries.', 'attempt of a full sync failed'),
  fullPassDomainCompleted: row(
    622,
    'info',
    'It has read everybody of a domain.',
    'full sync of a domain completed',
  ),
  fullPassCompleted: row(
    623,
    'info',
    'The tenant has every password of it.',
    'full sync of a forest completed',
  ),
  batchStart: logged(650, 'Connect sends a batch of passwords.', 'credential batch starts'),
  batchEnd: row(651, 'info', 'The tenant answered a batch.', 'credential batch ends'),
  batchFailed: row(652, 'error', 'A batch did not arrive; Connect retries.', 'credential batch failed'),
  pingStart: row(653, 'info', 'Every half hour before a heartbeat.', 'ping starts'),
  pingEnd: row(654, 'info', 'The heartbeat arrived at the tenant.', 'ping ends'),
  pingFailed: row(655, 'warn', 'A heartbeat did not arrive at the tenant.', 'ping failed'),
  changeRequest: logged(
    656,
    'For the users of a batch, up to 50 per event: who is sent.',
    'password change requested',
  ),
  changeResult: logged(
    657,
    'For the users of a batch, up to 50 per event: what the tenant answered.',
    CHANGE_RESULT,
  ),
  withdrawn: row(657, 'info', 'The tenant took the withdrawal of a password.', CHANGE_RESULT),
  sentWithoutKeys: row(
    657,
    'warn',
    'A password was sent without Kerberos keys, because its keys cannot be used.',
    CHANGE_RESULT,
  ),
  managedDomain: row(
    658,
    'info',
    "An administrator confirmed the managed domain's keys, or an alarm about it is over.",
    MANAGED_DOMAIN,
  ),
  managedDomainChanged: row(
    658,
    'warn',
    "The managed domain's key was withdrawn, or its receipt shows a newer state than Connect's own.",
    MANAGED_DOMAIN,
  ),
  managedDomainAlarm: row(
    658,
    'error',
    'The managed domain lacks what the tenant took, or sends no receipt.',
    MANAGED_DOMAIN,
  ),
  singleObjectFailed: row(
    664,
    'error',
    "One user's password was asked for and could not be synchronized.",
    'sync of a single object failed',
  ),
  fullCycleAsked: row(
    904,
    'info',
    'Everything is imported or decided again, for the first time or because somebody asked.',
    SCHEDULER,
  ),
  fullCycle: row(
    904,
    'warn',
    'Everything is imported, decided or sent again, because Connect found that it has to.',
    SCHEDULER,
  ),
  restoreOver: row(
    904,
    'info',
    'A restored domain controller lacks nothing of what was read before.',
    SCHEDULER,
  ),
  schedulerChanged: row(
    904,
    'info',
    "Somebody changed the scheduler, or a connector's next cycle.",
    SCHEDULER,
  ),
  changedPlaces: row(
    904,
    'warn',
    'This Connect and another one changed places: it stages from now on, or writes.',
    SCHEDULER,
  ),
  cycleStopped: row(904, 'warn', 'Somebody stopped a cycle.', SCHEDULER),
  settingsSaved: row(
    2503,
    'info',
    'Somebody saved settings, approved a list, or created or revoked a token.',
    SETTINGS,
  ),
  directoryConfirmed: row(
    2503,
    'warn',
    'An administrator confirmed another directory for a connector, or that a forest was restored.',
    SETTINGS,
  ),
  passwordSyncSwitched: row(
    2506,
    'info',
    'Somebody switched password hash synchronization, or asked for a full one.',
    'password hash sync switched',
  ),
  runErrors: row(
    6100,
    'warn',
    'An object, value or list could not be read, was refused, or is sent again.',
    RUN_ERRORS,
  ),
  alarm: row(
    6100,
    'error',
    'Something needs an administrator: growth, a clock, a second copy of Connect, a restore, a place that loses what it took.',
    RUN_ERRORS,
  ),
  alarmOver: row(6100, 'info', 'The reason of an alarm or warning is gone.', RUN_ERRORS),
} as const satisfies Readonly<Record<string, EventRow>>;

/** A name in the table. A new event needs a row there first. */
export type EventName = keyof typeof EVENTS;
/** Events that are only logged. */
export type LoggedEvent = {
  [Name in EventName]: (typeof EVENTS)[Name] extends { readonly logOnly: true } ? Name : never;
}[EventName];

export interface Event {
  at: string;
  eventId: number;
  level: 'info' | 'warn' | 'error';
  connector: string | null;
  text: string;
}

/**
 * The event log. Events are kept for the scheduler's purge interval (a week) and also written to the service's log. If a full or failing
 * disk rejects an event, it is only in the service's log and does no other harm; within a transaction the event fails with it.
 */
export class Events {
  readonly #db: Database;
  readonly #log: Log;

  constructor(db: Database, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  add(name: Exclude<EventName, LoggedEvent>, connector: string | null, text: string): void {
    const { id: eventId, level } = EVENTS[name];
    this.#log[level]({ eventId, ...(connector !== null && { connector }) }, text);
    const sql = 'INSERT INTO event (at, event_id, level, connector, text) VALUES (?, ?, ?, ?, ?)';
    try {
      this.#db.run(sql, this.#db.timestamp(), eventId, level, connector, text);
    } catch (error) {
      if (this.#db.inTransaction || !isDiskError(error)) throw error;
      this.#log.error({ eventId, err: describeError(error) }, 'cannot store the event');
    }
  }

  /** Writes only to the service's log: events of every batch and every user are too many for the state. */
  tell(name: LoggedEvent, connector: string, text: string): void {
    this.#log.info({ eventId: EVENTS[name].id, connector }, text);
  }

  prune(keptSeconds: number): void {
    const before = new Date(this.#db.clock.now() - keptSeconds * 1000).toISOString();
    this.#db.run('DELETE FROM event WHERE at < ?', before);
  }

  /** The last event with this event's number, for example the last heartbeat. */
  lastOf(name: EventName): Event | undefined {
    return this.#db.get<Event>(
      `SELECT at, event_id AS eventId, level, connector, text FROM event WHERE event_id = ? ORDER BY id DESC LIMIT 1`,
      EVENTS[name].id,
    );
  }

  last(count: number): Event[] {
    return this.#db.all<Event & Record<string, unknown>>(
      'SELECT at, event_id AS eventId, level, connector, text FROM event ORDER BY id DESC LIMIT ?',
      count,
    );
  }
}
