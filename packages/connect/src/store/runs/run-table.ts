import {
  Run,
  type RunCounts,
  type RunError,
  type RunKind,
  type RunRecord,
  type RunResult,
} from '../../runs/run.ts';
import type { Database } from '../database.ts';

/** A run as it is stored. */
export interface StoredRun extends RunRecord {
  /** Ascending, over all connectors. */
  readonly number: number;
  readonly connector: string;
}

export interface RunQuery {
  /** Only of these connectors and kinds. */
  readonly of?:
    | readonly { connector: string; profile: { kind: RunKind; whole?: boolean | undefined } }[]
    | undefined;
  /** Ended since then, or in progress. */
  readonly since?: string | undefined;
  readonly before?: number | undefined;
  readonly number?: number | undefined;
  readonly limit: number;
}

/** The limit per connector, however much it does. The oldest go first. */
const MAX_RUNS = 50_000;

/** Writes the run as it is now, and its errors that are not stored yet. */
export function putRun(db: Database, connector: string, run: Run): void {
  const { adds, updates, deletes, unchanged, errors } = run.counts;
  db.run(
    `INSERT INTO run (id, connector, kind, whole, started_at, ended_at, result, problem, looks, adds, updates, deletes, unchanged, errors)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET whole = excluded.whole, ended_at = excluded.ended_at, result = excluded.result,
       problem = excluded.problem, looks = excluded.looks, adds = excluded.adds, updates = excluded.updates,
       deletes = excluded.deletes, unchanged = excluded.unchanged, errors = excluded.errors`,
    ...[run.id, connector, run.kind, Number(run.whole), run.startedAt, run.endedAt, run.result],
    ...[run.problem ?? null, run.looks, adds, updates, deletes, unchanged, errors],
  );
  for (const { guid, dn, code, reason } of run.news)
    db.run('INSERT OR REPLACE INTO run_error VALUES (?, ?, ?, ?, ?)', run.id, guid, dn, code, reason);
}

/** The newest run of a kind, to be continued. */
export function lastRun(db: Database, connector: string, kind: RunKind): Run | undefined {
  const sql = 'SELECT * FROM run WHERE connector = ? AND kind = ? ORDER BY number DESC LIMIT 1';
  const row = db.get(sql, connector, kind);
  return row && new Run(toRun(row));
}

/** Newest first. */
export function listRuns(db: Database, { of, since, before, number, limit }: RunQuery): StoredRun[] {
  if (of?.length === 0) return [];
  const conditions: string[] = [];
  const values: (string | number | null)[] = [];
  if (of) {
    conditions.push(
      `(${of.map(() => '(connector = ? AND kind = ? AND whole = coalesce(?, whole))').join(' OR ')})`,
    );
    for (const { connector, profile } of of)
      values.push(connector, profile.kind, profile.whole === undefined ? null : Number(profile.whole));
  }
  if (since !== undefined) {
    conditions.push("(ended_at >= ? OR result = 'in-progress')");
    values.push(since);
  }
  if (before !== undefined) {
    conditions.push('number < ?');
    values.push(before);
  }
  if (number !== undefined) {
    conditions.push('number = ?');
    values.push(number);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  return db.all(`SELECT * FROM run ${where} ORDER BY number DESC LIMIT ?`, ...values, limit).map(toRun);
}

export function getRun(db: Database, id: string): StoredRun | undefined {
  const row = db.get('SELECT * FROM run WHERE id = ?', id);
  return row && toRun(row);
}

/** Sorted by the objects' names. */
export const errorsOf = (db: Database, id: string): RunError[] =>
  db
    .all<RunError & Record<string, string>>(
      'SELECT guid, dn, code, reason FROM run_error WHERE run = ? ORDER BY dn, guid',
      id,
    )
    .map(({ guid, dn, code, reason }) => ({ guid, dn, code, reason }));

/** Ends the runs that a stop or kill of the service interrupted. Call it while nothing runs. */
export function stopOpenRuns(db: Database): void {
  const text = 'Connect was stopped meanwhile; the next run went on from there';
  db.run(`UPDATE run SET result = 'stopped-server', problem = ? WHERE result = 'in-progress'`, text);
}

/** Removes runs that ended too long ago, and those above the limit. */
export function pruneRuns(db: Database, keptSeconds: number): void {
  const before = new Date(db.clock.now() - keptSeconds * 1000).toISOString();
  db.transaction(() => {
    db.run(`DELETE FROM run WHERE ended_at < ? AND result <> 'in-progress'`, before);
    for (const { connector } of db.all<{ connector: string }>('SELECT DISTINCT connector FROM run'))
      db.run(
        `DELETE FROM run WHERE connector = ? AND number <=
           (SELECT number FROM run WHERE connector = ? ORDER BY number DESC LIMIT 1 OFFSET ?)`,
        ...[connector, connector, MAX_RUNS],
      );
  });
}

function toRun(row: Record<string, unknown>): StoredRun {
  const { adds, updates, deletes, unchanged, errors } = row as unknown as RunCounts;
  return {
    number: row.number as number,
    connector: row.connector as string,
    id: row.id as string,
    kind: row.kind as RunKind,
    whole: row.whole === 1,
    startedAt: row.started_at as string,
    endedAt: row.ended_at as string,
    result: row.result as RunResult,
    problem: (row.problem as string | null) ?? undefined,
    looks: row.looks as number,
    counts: { adds, updates, deletes, unchanged, errors },
  };
}
