/** What a run does: reads the directory, decides, sends objects to the tenant, or sends passwords to it. */
export type RunKind = 'import' | 'synchronization' | 'export' | 'passwords';

/** The original's words for the result of a run ([MS-UPSMODS] 2.2.1.1.1, step-result). */
export type RunResult =
  | 'in-progress'
  | 'success'
  | 'completed-discovery-errors'
  | 'completed-sync-errors'
  | 'completed-export-errors'
  | 'no-start-connection'
  | 'no-start-credentials'
  | 'stopped-connectivity'
  | 'stopped-database-disk-full'
  | 'stopped-deletion-threshold-exceeded'
  | 'stopped-user-termination-from-wmi-or-ui'
  | 'stopped-server';

/** How many objects were added, updated, deleted or found unchanged, and how many had an error. */
export interface RunCounts {
  adds: number;
  updates: number;
  deletes: number;
  unchanged: number;
  errors: number;
}

/** What was wrong with one object, as in Connect's log. It never holds anything of a password. */
export interface RunError {
  /** Its objectGUID. */
  readonly guid: string;
  readonly dn: string;
  readonly code: string;
  readonly reason: string;
}

/** A run names the errors of at most so many objects, and counts the others. */
export const MAX_RUN_ERRORS = 100;

/** Longer reasons are cut to so many characters. */
const MAX_REASON = 1_000;

/** A run, finished or under way. Times are ISO 8601 in UTC, as stored. */
export interface RunRecord {
  /** A GUID. */
  readonly id: string;
  readonly kind: RunKind;
  /** Whether everything is read or decided again, not only what changed. */
  readonly whole: boolean;
  readonly startedAt: string;
  /** For a run under way, when it was stored last. */
  readonly endedAt: string;
  readonly result: RunResult;
  /** Why it did not start, or stopped. */
  readonly problem: string | undefined;
  /** How many runs that found nothing this record stands for. */
  readonly looks: number;
  readonly counts: Readonly<RunCounts>;
}

/** Counts what one run does. Of its objects it keeps only the errors of the first hundred that failed. */
export class Run implements RunRecord {
  readonly id: string;
  readonly kind: RunKind;
  readonly startedAt: string;
  readonly counts: RunCounts;
  whole: boolean;
  endedAt: string;
  result: RunResult;
  problem: string | undefined;
  looks: number;
  /** Deletions that wait for an administrator. */
  waiting = 0;
  /** Whether the run is doing something that it has not counted yet. */
  isAtWork = false;
  readonly #failed = new Map<string, RunError>();
  #news: RunError[] = [];

  /** @param record of a new run, or a stored one */
  constructor(record: Pick<RunRecord, 'id' | 'kind' | 'startedAt'> & Partial<RunRecord>) {
    const { id, kind, startedAt } = record;
    this.id = id;
    this.kind = kind;
    this.startedAt = startedAt;
    this.counts = { adds: 0, updates: 0, deletes: 0, unchanged: 0, errors: 0, ...record.counts };
    this.whole = record.whole ?? false;
    this.endedAt = record.endedAt ?? startedAt;
    this.result = record.result ?? 'in-progress';
    this.problem = record.problem;
    this.looks = record.looks ?? 1;
  }

  count(what: Exclude<keyof RunCounts, 'errors'>, objects = 1): void {
    this.counts[what] += objects;
  }

  /** Counts an object once, with its last error. */
  fail(error: RunError): void {
    const isKnown = this.#failed.has(error.guid);
    if (!isKnown) this.counts.errors += 1;
    if (!isKnown && this.#failed.size >= MAX_RUN_ERRORS) return;
    const one = { ...error, reason: error.reason.slice(0, MAX_REASON) };
    this.#failed.set(error.guid, one);
    this.#news.push(one);
  }

  /** The errors that are not stored yet. */
  get news(): readonly RunError[] {
    return this.#news;
  }

  /** Marks all errors so far as stored. */
  noteStored(): void {
    this.#news = [];
  }

  /** Whether the run did more than look. */
  get didSomething(): boolean {
    const { adds, updates, deletes, errors } = this.counts;
    return adds + updates + deletes + errors > 0;
  }

  /** Merges another run that found nothing into this one, which found nothing either. */
  absorb(run: RunRecord): void {
    this.looks += run.looks;
    this.endedAt = run.endedAt;
    this.problem = run.problem;
    this.counts.unchanged += run.counts.unchanged;
  }
}
