import {
  type GroupEntry,
  type GroupSummary,
  groupBucketDigest,
  groupBucketOf,
  summarizeGroups,
} from '@causeway/records';
import type { StateDatabase } from '@causeway/service';
import type { BucketLook, Comparison } from '../comparison.ts';
import { number, type Row, text } from '../sql-row.ts';

const GROUPS = `SELECT anchor, NULL AS prefix, sequence, deleted FROM groups WHERE forest = ?1 AND sequence IS NOT NULL`;
const SLICES = `SELECT anchor, prefix, s.sequence, deleted FROM slices AS s JOIN groups AS g USING (forest, anchor)
  WHERE forest = ?1 AND g.sequence IS NOT NULL`;

/** The groups of a forest as heads speak of them: what was believed, which is written as far as the directory takes it. */
export class GroupHeadBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Groups and live slices that are there, in no order. */
  entries(forest: string): GroupEntry[] {
    return this.#rows(forest).filter(isThere).map(entryOf);
  }

  summary(forest: string): GroupSummary {
    return summarizeGroups(this.entries(forest));
  }

  buckets(forest: string): string {
    return this.summary(forest).groupBuckets;
  }

  /** What is believed is what came: nothing else of it explains a difference. */
  look(forest: string, bucket: number): BucketLook {
    const rows = this.#rows(forest).filter(row => groupBucketOf(entryOf(row)) === bucket);
    return {
      newest: Math.max(0, ...rows.map(({ sequence }) => Number(sequence))),
      asReceived: groupBucketDigest(rows.filter(isThere).map(entryOf)),
    };
  }

  comparison(forest: string): Comparison | undefined {
    const row = this.#database.get('SELECT group_comparison AS kept FROM heads WHERE forest = ?', forest);
    const kept = text(row?.kept);
    return kept === null ? undefined : (JSON.parse(kept) as Comparison);
  }

  saveComparison(forest: string, comparison: Comparison): void {
    const sql = 'UPDATE heads SET group_comparison = ? WHERE forest = ?';
    this.#database.run(sql, JSON.stringify(comparison), forest);
  }

  #rows(forest: string): Row[] {
    return this.#database.all(`${GROUPS} UNION ALL ${SLICES}`, forest);
  }
}

const isThere = ({ deleted }: Row): boolean => number(deleted) === 0;

const entryOf = ({ anchor, prefix, sequence }: Row): GroupEntry => ({
  ...{ anchor: String(anchor), prefix: text(prefix), sequence: Number(sequence) },
});
