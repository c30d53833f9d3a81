import type { Run, RunKind, RunRecord, RunResult } from './run.ts';

/** One record covers at most this long: the original's time between two runs. */
const COVERS_MS = 30 * 60_000;

const WITH_ERRORS: Readonly<Record<RunKind, RunResult>> = {
  import: 'completed-discovery-errors',
  synchronization: 'completed-sync-errors',
  export: 'completed-export-errors',
  passwords: 'completed-export-errors',
};

const DISK: ReadonlySet<string> = new Set(['disk-full', 'disk-failed']);
/** The domain controller rejects the account, or the tenant the agent. */
const CREDENTIALS: ReadonlySet<string> = new Set(['connector-account', 'access-denied', 'invalid_client']);

/** Why a run ended early. */
export interface RunFailure {
  /** The error's code. */
  readonly code: string;
  /** The HTTP status of the answer, or of the error as an answer. 0 if no answer came. */
  readonly status?: number | undefined;
}

const isAway = (status: number | undefined): boolean =>
  status !== undefined && (status === 0 || status === 429 || status > 500);

/** The result of a run. */
export function decideResult(run: Run, failure: RunFailure | undefined): RunResult {
  if (failure === undefined) {
    if (run.waiting > 0) return 'stopped-deletion-threshold-exceeded';
    return run.counts.errors > 0 ? WITH_ERRORS[run.kind] : 'success';
  }
  const { code, status } = failure;
  if (code === 'cycle-stopped') return 'stopped-user-termination-from-wmi-or-ui';
  if (DISK.has(code)) return 'stopped-database-disk-full';
  if (!CREDENTIALS.has(code) && !isAway(status)) return 'stopped-server';
  if (run.didSomething || run.counts.unchanged > 0) return 'stopped-connectivity';
  return CREDENTIALS.has(code) ? 'no-start-credentials' : 'no-start-connection';
}

const isQuiet = ({ whole, counts, result }: RunRecord): boolean =>
  !whole && result !== 'in-progress' && counts.adds + counts.updates + counts.deletes + counts.errors === 0;

/**
 * Whether to merge a finished run into the record before it. Both must have found nothing to do and have the same result. Connect
 * looks so often that one record per look would be useless.
 */
export function decideContinues(last: RunRecord | undefined, run: RunRecord): boolean {
  if (last === undefined || !isQuiet(last) || !isQuiet(run) || last.result !== run.result) return false;
  const covered = Date.parse(run.endedAt) - Date.parse(last.startedAt);
  return covered >= 0 && covered < COVERS_MS;
}
