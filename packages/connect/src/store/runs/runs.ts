import { randomUUID } from 'node:crypto';
import { describeError } from '@causeway/service';
import { decideContinues, decideResult } from '../../runs/decide-run.ts';
import { Run, type RunKind } from '../../runs/run.ts';
import type { Database } from '../database.ts';
import { lastRun, putRun } from './run-table.ts';

/**
 * The runs of one connector.
 * INVARIANT: no run waits for the disk. Counts are kept in memory and stored with another transaction. A run with work to do is stored
 * while in progress, so that a kill leaves it there as stopped.
 */
export class Runs {
  readonly #db: Database;
  readonly #connector: string;
  readonly #open = new Set<Run>();
  /** Runs that ended and are not stored as ended yet. */
  readonly #ended = new Set<Run>();
  /** Runs that stopped for a reason not known yet. */
  readonly #stopped = new Set<Run>();
  /** The last record of each kind. */
  readonly #last = new Map<RunKind, Run | undefined>();

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  begin(kind: RunKind, whole = false): Run {
    const run = new Run({ id: randomUUID(), kind, startedAt: this.#db.timestamp(), whole });
    this.#open.add(run);
    return run;
  }

  /** Ends a run, with a failure if given. A run that is over stays as it is. */
  end(run: Run, failure?: unknown): void {
    if (run.result === 'in-progress') this.#end(run, failure);
  }

  /** Stops a run; `conclude` adds the reason. A synchronization that did not even start is no run. */
  stop(run: Run): void {
    if (run.result !== 'in-progress') return;
    this.#open.delete(run);
    if (run.kind !== 'synchronization' || run.whole || run.didSomething) this.#stopped.add(run);
  }

  /** Wraps work in a run, from its beginning to its end, however it ends. */
  async during<T>(run: Run, work: (run: Run) => Promise<T>): Promise<T> {
    let done: T;
    try {
      done = await work(run);
    } catch (error) {
      this.stop(run);
      throw error;
    }
    this.end(run);
    return done;
  }

  /**
   * Gives the stopped runs their reason.
   * @param otherwise if none stopped, the kind of the run that did not even start
   */
  conclude(error: unknown, otherwise?: RunKind): void {
    if (this.#stopped.size === 0 && otherwise !== undefined) this.stop(this.begin(otherwise));
    for (const run of this.#stopped) this.#end(run, error);
    this.#stopped.clear();
  }

  /** A transaction for other writes; pending writes of runs go with it. */
  transaction<T>(work: () => T): T {
    let stored: Run[] = [];
    const result = this.#db.transaction(() => {
      const done = work();
      stored = this.along();
      return done;
    });
    if (this.#db.inTransaction) return result; // the outer transaction may still be rolled back
    for (const run of stored) {
      run.noteStored();
      this.#ended.delete(run);
    }
    return result;
  }

  /** For another transaction. The next one of this class stores the same again, because the other may still be rolled back. */
  readonly along = (): Run[] => {
    const working = [...this.#open].filter(run => run.whole || run.isAtWork || run.didSomething);
    const stored = [...working, ...this.#ended];
    for (const run of stored) this.#put(run);
    return stored;
  };

  #end(run: Run, failure: unknown): void {
    this.#open.delete(run);
    run.endedAt = this.#db.timestamp();
    const { code, status } = (failure ?? {}) as { code?: unknown; status?: unknown };
    run.result = decideResult(
      run,
      failure === undefined
        ? undefined
        : { code: String(code ?? ''), status: typeof status === 'number' ? status : undefined },
    );
    run.problem = failure === undefined ? undefined : describeError(failure);
    const last = this.#lastOf(run.kind);
    if (last && decideContinues(last, run)) {
      last.absorb(run);
      this.#ended.add(last);
    } else {
      this.#last.set(run.kind, run);
      this.#ended.add(run);
    }
  }

  #lastOf(kind: RunKind): Run | undefined {
    if (!this.#last.has(kind)) this.#last.set(kind, lastRun(this.#db, this.#connector, kind));
    return this.#last.get(kind);
  }

  #put(run: Run): void {
    if (run.result === 'in-progress') run.endedAt = this.#db.timestamp();
    putRun(this.#db, this.#connector, run);
  }
}
