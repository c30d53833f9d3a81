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

/** One that was found in the directory, and of which no record has come, is there, too: with 0. */
const GROUPS = `SELECT anchor, NULL AS prefix, coalesce(sequence, 0) AS sequence, deleted FROM groups
  WHERE forest = ?1 AND (sequence IS NOT NULL OR managed_guid IS NOT NULL)`;
const SLICES = `SELECT anchor, prefix, s.sequence, deleted FROM slices AS s JOIN groups AS g USING (forest, anchor)
  WHERE forest = ?1 AND g.sequence IS NOT NULL`;

/** One for a group is one for no slice. */
const PROBLEMS = `SELECT anchor, CASE kind WHEN 'members' THEN prefix END AS prefix, sequence, code FROM problems
  WHERE forest = ?1 AND kind IN ('group', 'members') AND verified = 1`;
/**
 * Refusals by which a genuine record explains a difference. An older one does not, which stands in the place of one that is withheld; a
 * deletion that waits, and what the directory does not take, is believed.
 */
const CAME: readonly RefusalCode[] = ['anchor-moved', 'retyped'];

/** A record of a group, or a slice, that came and was not written. */
export interface GroupNotWritten extends GroupEntry {
  code: string;
}

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

  /** Those of some buckets. */
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
   * What a head of the forest is compared with. A closer look counts what came and was not believed; what is believed is written, as far
   * as the directory takes it. All of it is read with the first look.
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

  /** They are kept until a trigger sees that something of the forest's groups or slices changed. */
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

/** What would be here if what came had been believed: a slice makes older ones say nothing, and is of a group. */
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
