import {
  type GroupEntry,
  type GroupSummary,
  groupBucketOf,
  groupLineDigests,
  summarizeGroups,
} from '@causeway/records';
import { type Database, literals } from '../database.ts';

/** The tenant acknowledged the group. @param connectors as literals */
const acknowledged = (connectors: string): string =>
  `o.connector IN (${connectors}) AND o.kind = 'group' AND o.exported_digest IS NOT NULL AND o.exported_sequence IS NOT NULL`;
const entriesOf = (connectors: string): string =>
  `SELECT o.anchor, NULL AS prefix, o.exported_sequence AS sequence FROM connector_space AS o WHERE ${acknowledged(connectors)}
  UNION ALL SELECT o.anchor, s.prefix, s.sequence FROM slice AS s JOIN group_list AS g ON g.id = s.group_id
    JOIN connector_space AS o ON o.connector = g.connector AND o.guid = g.guid
    WHERE s.sequence IS NOT NULL AND ${acknowledged(connectors)}`;

/** What the tenant has of a forest's groups, as it acknowledged it: groups, slices and the sequences of their records. */
export class GroupHeads {
  readonly #db: Database;
  readonly #entries: string;

  /** @param connectors of the forest, one per domain */
  constructor(db: Database, connectors: readonly string[]) {
    this.#db = db;
    this.#entries = entriesOf(literals(connectors));
  }

  /** In no order. */
  entries(): GroupEntry[] {
    return this.#db
      .all<GroupEntry & Record<string, unknown>>(this.#entries)
      .map(({ anchor, prefix, sequence }) => ({ anchor, prefix, sequence }));
  }

  /** The entries of some buckets. */
  entriesOf(buckets: readonly number[]): GroupEntry[] {
    const asked = new Set(buckets);
    return this.entries().filter(entry => asked.has(groupBucketOf(entry)));
  }

  /** How many groups and slices a head covers. */
  counts(): Pick<GroupSummary, 'groups' | 'slices'> {
    const sql = `SELECT count(*) AS n, count(prefix) AS slices FROM (${this.#entries})`;
    const { n, slices } = this.#db.get<{ n: number; slices: number }>(sql)!;
    return { groups: n - slices, slices };
  }

  /** As a head contains it. */
  summary(): GroupSummary {
    return summarizeGroups(this.entries());
  }

  /** As the tenant compares it. */
  lineDigests(): string {
    return groupLineDigests(this.entries());
  }
}
