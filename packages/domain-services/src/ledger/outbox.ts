import type { DomainReport } from '@causeway/contract';
import type { StateDatabase } from '@causeway/service';

const MAX_REASON = 500;

/** A report that the tenant cannot store would hold up all that come after it. */
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

  /** Reports wait here for the tenant, committed together with what they report. */
  add(reports: readonly DomainReport[]): void {
    for (const report of reports)
      this.#database.run('INSERT INTO outbox (report) VALUES (?)', JSON.stringify(storable(report)));
  }

  /** Whether so many reports wait, or more. */
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

  /** Forgets reports that the tenant has acknowledged. */
  drop(throughId: number): void {
    this.#database.run('DELETE FROM outbox WHERE id <= ?', throughId);
  }
}
