import {
  type GroupEntry,
  type GroupSummary,
  groupBucketDigest,
  groupBucketOf,
  liveSlices,
  summarizeGroups,
} from '@causeway/records';
import { bestEffort, type StateDatabase } from '@causeway/service';
import type { RefusalCode } from '../../refusals.ts';
import type { BucketLook, Comparison, Ours } from '../comparison.ts';
import { number, type Row, text } from '../sql-row.ts';

/** A group that was found in the directory without a record counts, too, with sequence 0. */
const GROUPS = `SELECT anchor, NULL AS prefix, coalesce(sequence, 0) AS sequence, deleted FROM groups
  WHERE forest = ?1 AND (sequence IS NOT NULL OR managed_guid IS NOT NULL)`;
const SLICES = `SELECT anchor, prefix, s.sequence, deleted FROM slices AS s JOIN groups AS g USING (forest, anchor)
  WHERE forest = ?1 AND g.sequence IS NOT NULL`;

/** A problem of a group has no prefix. */
const PROBLEMS = `SELECT anchor, CASE kind WHEN 'members' THEN prefix END AS prefix, sequence, code FROM problems
  WHERE forest = ?1 AND kind IN ('group', 'members') AND verified = 1`;
/**
 * Refusals by which a genuine record explains a difference. An older record does not: it may stand in place of a withheld one. A pending
 * deletion, and what the directory refuses, was believed.
 */
const CAME: readonly RefusalCode[] = ['anchor-moved', 'retyped'];

/** A record of a group, or a slice, that came and was not written. */
export interface GroupNotWritten extends GroupEntry {
  code: string;
}

/** The groups of a forest as heads describe them: what was believed. It is written as far as the directory accepts it. */
export class GroupHeadBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Existing groups and live slices, in no order. */
  entries(forest: string): GroupEntry[] {
    return this.#rows(forest).filter(isThere).map(entryOf);
  }

  /** Those in some buckets. */
  entriesOf(forest: string, buckets: readonly number[]): GroupEntry[] {
    const asked = new Set(buckets);
    return asked.size === 0 ? [] : this.entries(forest).filter(entry => asked.has(groupBucketOf(entry)));
  }

  counts(forest: string): Pick<GroupSummary, 'groups' | 'slices'> {
    const sql = `SELECT count(*) AS n, count(prefix) AS slices FROM (${GROUPS} UNION ALL ${SLICES}) WHERE deleted = 0`;
    const { n, slices } = this.#database.get<{ n: number; slices: number }>(sql, forest)!;
    return { groups: n - slices, slices };
  }

  /**
   * What a head of the forest is compared with. The closer look also counts what came and was not believed; what was believed is written as
   * far as the directory accepts it. The first look reads all of it.
   */
  ours(forest: string): Ours {
    let look: Ours['look'] | undefined;
    return {
      buckets: this.#buckets(forest),
      look: bucket => {
        look ??= this.#lookAtAll(forest);
        return look(bucket);
      },
    };
  }

  /** They are kept until a trigger sees a change in the forest's groups or slices. */
  #buckets(forest: string): string {
    const kept = this.#database.get('SELECT buckets FROM group_buckets WHERE forest = ?', forest);
    if (kept !== undefined) return String(kept.buckets);
    const { groupBuckets } = summarizeGroups(this.entries(forest));
    bestEffort(() => this.#database.run('INSERT INTO group_buckets VALUES (?, ?)', forest, groupBuckets));
    return groupBuckets;
  }

  #lookAtAll(forest: string): Ours['look'] {
    const rows = this.#rows(forest);
    const sql = `${PROBLEMS} AND code IN (${CAME.map(code => `'${code}'`).join()})`;
    const came = this.#database.all(sql, forest).map(entryOf);
    const received = came.length === 0 ? rows.filter(isThere).map(entryOf) : asReceived(rows, came);
    const known = Map.groupBy(rows.map(entryOf), groupBucketOf);
    const there = Map.groupBy(
      received.filter(({ sequence }) => sequence > 0),
      groupBucketOf,
    );
    return (bucket): BucketLook => ({
      newest: Math.max(0, ...(known.get(bucket) ?? []).map(({ sequence }) => sequence)),
      asReceived: groupBucketDigest(there.get(bucket) ?? []),
    });
  }

  /** Records whose signature was believed, and which are not written. */
  notWritten(forest: string, limit: number): GroupNotWritten[] {
    const rows = this.#database.all(`${PROBLEMS} ORDER BY anchor, kind, prefix LIMIT ?2`, forest, limit);
    return rows.map(row => ({ ...entryOf(row), code: String(row.code) }));
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

/** What would be here if all that came had been believed. A slice replaces the older ones that it covers, and needs its group. */
function asReceived(rows: readonly Row[], came: readonly GroupEntry[]): GroupEntry[] {
  const byGroup = Map.groupBy(
    [...rows.filter(isThere).map(entryOf), ...came].toSorted((a, b) => a.sequence - b.sequence),
    ({ anchor }) => anchor,
  );
  return [...byGroup.values()].flatMap(entries => {
    const group = entries.findLast(({ prefix }) => prefix === null);
    const slices = entries.flatMap(one => (one.prefix === null ? [] : [{ ...one, prefix: one.prefix }]));
    return group === undefined ? [] : [group, ...liveSlices(slices)];
  });
}

const entryOf = ({ anchor, prefix, sequence }: Row): GroupEntry => ({
  ...{ anchor: String(anchor), prefix: text(prefix), sequence: Number(sequence) },
});
