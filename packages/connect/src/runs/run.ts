/** What a run does: reads the directory, decides, sends objects to the tenant, sends passwords to it. */
export type RunKind = 'import' | 'synchronization' | 'export' | 'passwords';

/** The original's words for what became of a run ([MS-UPSMODS] 2.2.1.1.1, step-result). */
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

/** How many objects came, changed, went, or were looked at and are as before; and how many had an error. */
export interface RunCounts {
  adds: number;
  updates: number;
  deletes: number;
  unchanged: number;
  errors: number;
}

/** What was wrong with one object: as Connect names it in its log, and never anything of a password. */
export interface RunError {
  /** Its objectGUID. */
  readonly guid: string;
  readonly dn: string;
  readonly code: string;
  readonly reason: string;
}

/** Objects whose errors a run names; the others are counted. */
export const MAX_RUN_ERRORS = 100;

/** A reason that is longer is cut. */
const MAX_REASON = 1_000;

/** A run as it is told: under way, or over. Times are as they are stored, ISO 8601 in UTC. */
export interface RunRecord {
  /** A GUID. */
  readonly id: string;
  readonly kind: RunKind;
  /** Everything is read or decided anew, not only what changed. */
  readonly whole: boolean;
  readonly startedAt: string;
  /** Of a run that is under way: when it was stored last. */
  readonly endedAt: string;
  readonly result: RunResult;
  /** Why it did not start, or stopped. */
  readonly problem: string | undefined;
  /** How many runs that found nothing it stands for. */
  readonly looks: number;
  readonly counts: Readonly<RunCounts>;
}

/** Counts what one run does. Of its objects it holds no more than the first hundred errors. */
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
  /** Something is under way of which nothing is counted yet. */
  isAtWork = false;
  readonly #failed = new Map<string, RunError>();
  #news: RunError[] = [];

  /** @param record one that is not new */
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

  /** An object counts once, with what it failed with last. */
  fail(error: RunError): void {
    const isKnown = this.#failed.has(error.guid);
    if (!isKnown) this.counts.errors += 1;
    if (!isKnown && this.#failed.size >= MAX_RUN_ERRORS) return;
    const one = { ...error, reason: error.reason.slice(0, MAX_REASON) };
    this.#failed.set(error.guid, one);
    this.#news.push(one);
  }

  /** Errors that are not stored yet. */
  get news(): readonly RunError[] {
    return this.#news;
  }

  /** What there is now is stored. */
  noteStored(): void {
    this.#news = [];
  }

  /** There is more to tell of it than that it looked. */
  get didSomething(): boolean {
    const { adds, updates, deletes, errors } = this.counts;
    return adds + updates + deletes + errors > 0;
  }

  /** Takes in a run that found nothing, as this one. */
  absorb(run: RunRecord): void {
    this.looks += run.looks;
    this.endedAt = run.endedAt;
    this.problem = run.problem;
    this.counts.unchanged += run.counts.unchanged;
  }
}
