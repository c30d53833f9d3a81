import {
  GROUP_RECORDS,
  type GroupFeedItem,
  type GroupFeedPage,
  type GroupFeedQuery,
  isReadBy,
} from '@causeway/contract';
import { recordName } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { sql } from 'kysely';
import { type Reach, readReach } from '../changes/change-counter.ts';
import type { MarkKeeper } from '../losses/losses.ts';
import type { Mark } from '../losses/mark.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { changed } from './wait-for-change.ts';

/**
 * Groups and slices of their members that changed after a cursor, each in the current state, oldest change first. Deleted groups are
 * included. A group comes at its first change, before all slices of its members, and again at its last change. Waits for the first change
 * when there are none, and starts over after a cursor of lost changes, as the users' feed does. The feed leaves out records that the
 * reader has not announced.
 * @param announced undefined for a reader that announces nothing
 * @throws CausewayError 'bad-request' for an invalid cursor
 */
export async function readGroupChanges(
  marks: MarkKeeper,
  query: GroupFeedQuery,
  signal: AbortSignal,
  announced: readonly string[] | undefined,
): Promise<GroupFeedPage> {
  const { scope } = marks;
  const until = scope.clock.monotonic() + query.wait * 1000;
  const asked = parseCursor(marks, query.after);
  for (;;) {
    const reach = await readReach(scope);
    const after = asked !== undefined && (await marks.stands(asked, reach)) ? asked.news : 0;
    const rows = after === reach.counter ? [] : await readRows(scope, after, query.limit + 1);
    const left = until - scope.clock.monotonic();
    if (rows.length > 0 || left <= 0 || signal.aborted) {
      const page = rows.slice(0, query.limit);
      const more = rows.length > page.length;
      const place = more ? page.at(-1)!.seq : Math.max(reach.counter, page.at(-1)?.seq ?? 0);
      return {
        items: page.flatMap(row => shownTo(announced, row)),
        cursor: await writeCursor(marks, query.after, asked, place),
        more,
      };
    }
    await changed(scope, left, signal);
  }
}

/** @returns undefined for the start */
function parseCursor(marks: MarkKeeper, text: string): Mark | undefined {
  if (text === '') return undefined;
  const mark = marks.read('groups', text);
  if (mark) return mark;
  throw new CausewayError('bad-request', 'query.after: a cursor that this feed gave out expected');
}

/** Runs after the page was read: the page may go beyond an epoch that has ended meanwhile. */
async function writeCursor(
  marks: MarkKeeper,
  text: string,
  asked: Mark | undefined,
  place: number,
): Promise<string> {
  const reach: Reach = await readReach(marks.scope);
  // An idle reader's cursor stays the same, because it stores each one that differs.
  if (asked?.news === place && asked.epoch === reach.epoch) return text;
  return marks.write('groups', { news: place, again: place }, reach);
}

interface Row {
  readonly forest: string | null;
  readonly source_anchor: string;
  readonly record: string;
  readonly seq: number;
}

async function readRows(scope: TenantScope, after: number, limit: number): Promise<Row[]> {
  const { rows } = await scope.run<Row>(tenantId => {
    const groups = (seq: string, condition = sql`true`) => sql<Row>`
      (select forest, source_anchor, record, ${sql.ref(seq)} as seq from groups
        where tenant_id = ${tenantId} and record is not null and ${sql.ref(seq)} > ${after} and ${condition}
        order by ${sql.ref(seq)} limit ${limit})`;
    return sql<Row>`
      select * from (${groups('changed_seq')}
        union all ${groups('first_seq', sql`first_seq < changed_seq`)}
        union all (select forest, source_anchor, slices.record, slices.changed_seq from group_slices as slices
          join groups on groups.tenant_id = ${tenantId} and groups.id = slices.group_id
          where slices.tenant_id = ${tenantId} and slices.changed_seq > ${after}
          order by slices.changed_seq limit ${limit})) as feed
      order by seq limit ${limit}`;
  });
  return rows;
}

/** If the reader has announced all kinds known here, skips the look at each record. */
function shownTo(
  announced: readonly string[] | undefined,
  { forest, source_anchor: sourceAnchor, record }: Row,
): GroupFeedItem[] {
  const isShown =
    (forest !== null && GROUP_RECORDS.every(name => announced?.includes(name))) ||
    isReadBy(announced, recordName(record) ?? '');
  return isShown ? [{ forest, sourceAnchor, record }] : [];
}
