import type { DomainReport } from '@causeway/contract';
import type { StateDatabase } from '@causeway/service';

const MAX_REASON = 500;

/** Makes a report that the tenant can store: one that it cannot would hold up all reports behind it. */
export const storable = (report: DomainReport): DomainReport => ({
  ...report,
  reason:
    report.reason === null
      ? null
      : report.reason
          .slice(0, MAX_REASON)
          .toWellFormed()
          .replaceAll(/\p{Cc}/gu, ' '),
});

/** Reports that the tenant has not acknowledged. */
export class Outbox {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Adds reports for the tenant. The caller commits them together with what they report. */
  add(reports: readonly DomainReport[]): void {
    for (const report of reports)
      this.#database.run('INSERT INTO outbox (report) VALUES (?)', JSON.stringify(storable(report)));
  }

  /** Whether at least this many reports wait. */
  holds(count: number): boolean {
    const sql = 'SELECT count(*) AS n FROM (SELECT 1 FROM outbox LIMIT ?)';
    return this.#database.get(sql, count)!.n === count;
  }

  first(limit: number): { id: number; report: DomainReport }[] {
    return this.#database.all('SELECT id, report FROM outbox ORDER BY id LIMIT ?', limit).map(row => ({
      id: Number(row.id),
      report: JSON.parse(String(row.report)) as DomainReport,
    }));
  }

  /** Drops reports that the tenant has acknowledged. */
  drop(throughId: number): void {
    this.#database.run('DELETE FROM outbox WHERE id <= ?', throughId);
  }
}
