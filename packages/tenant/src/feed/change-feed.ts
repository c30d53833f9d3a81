import {
  type FeedItem,
  type FeedPage,
  type FeedQuery,
  firstProfile,
  isReadBy,
  PROFILE_RECORD,
  USER_RECORDS,
} from '@causeway/contract';
import { joinEncapsulation, recordName } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { type RawBuilder, sql } from 'kysely';
import { type Reach, readReach } from '../changes/change-counter.ts';
import { furthest } from '../losses/decide-loss.ts';
import type { MarkKeeper } from '../losses/losses.ts';
import type { Mark } from '../losses/mark.ts';
import type { User } from '../people/users.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { changed } from './wait-for-change.ts';

/** How far the feed was read: in what is new, and in what was only sent again. */
interface Place {
  news: number;
  again: number;
}

/**
 * Users that changed after a cursor, each in the current state. Users with news come first, then those whom Connect only sent again;
 * in both parts, oldest change first. So no new password waits behind a forced pass. Waits for the first change when there are none.
 * If changes after the cursor were lost because the database was restored, the feed starts over, which the reader's ledger makes
 * harmless. The feed leaves out records of a kind or version that the reader has not announced.
 * @param announced undefined for a reader that announces nothing
 * @throws CausewayError 'bad-request' for an invalid cursor
 */
export async function readChanges(
  marks: MarkKeeper,
  query: FeedQuery,
  signal: AbortSignal,
  announced: readonly string[] | undefined,
): Promise<FeedPage> {
  const { scope } = marks;
  const until = scope.clock.monotonic() + query.wait * 1000;
  const asked = parseCursor(marks, query.after);
  for (;;) {
    const reach = await readReach(scope);
    const newest = reach.counter;
    const known = asked !== undefined && (await isKnown(marks, asked, reach));
    // From the start, each user comes once, as news and in the current state.
    const after = known ? asked : { news: 0, again: newest };
    const atEnd = after.news === newest && (query.only === 'new' || after.again === newest);
    const rows = atEnd ? [] : await readRows(scope, after, query.limit + 1, query.only);
    const left = until - scope.clock.monotonic();
    if (rows.length > 0 || left <= 0 || signal.aborted) {
      const page = rows.slice(0, query.limit);
      const next = rows.at(query.limit);
      return {
        items: page.map(row => shownTo(announced, itemOf(row, announced))),
        cursor: await writeCursor(
          marks,
          query.after,
          asked,
          placeAfter(after, page, next === undefined ? newest : 0, query.only),
        ),
        more: next !== undefined,
        moreNew: next?.news === true,
      };
    }
    await changed(scope, left, signal);
  }
}

/** A place in the feed as the reader shows it. One from an earlier release has no mark, and proves nothing. */
type Asked = Place & { readonly mark?: Mark };

/** @returns undefined for the start */
function parseCursor(marks: MarkKeeper, text: string): Asked | undefined {
  if (text === '') return undefined;
  const mark = marks.read('cursor', text);
  if (mark) return { news: mark.news, again: mark.again, mark };
  const [, news, again] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  if (news !== undefined) return { news: Number(news), again: Number(again) };
  throw new CausewayError('bad-request', 'query.after: a cursor that this feed gave out expected');
}

async function isKnown(marks: MarkKeeper, asked: Asked, reach: Reach): Promise<boolean> {
  return asked.mark ? marks.stands(asked.mark, reach) : furthest(asked) <= reach.counter;
}

/** Runs after the page was read: the page may go beyond an epoch that has ended meanwhile. */
async function writeCursor(
  marks: MarkKeeper,
  text: string,
  asked: Asked | undefined,
  place: Place,
): Promise<string> {
  const reach = await readReach(marks.scope);
  const same = place.news === asked?.news && place.again === asked.again;
  // An idle reader's cursor stays the same, because it stores each one that differs.
  return same && asked.mark?.epoch === reach.epoch ? text : marks.write('cursor', place, reach);
}

/** @param atLeast a position that was read completely, known from before the page was read */
function placeAfter(before: Place, page: readonly Row[], atLeast: number, only: FeedQuery['only']): Place {
  const place = { ...before };
  for (const { news, seq } of page) place[news ? 'news' : 'again'] = seq;
  place.news = Math.max(place.news, atLeast);
  if (only === undefined) place.again = Math.max(place.again, atLeast);
  return place;
}

type Row = Pick<
  User,
  'id' | 'origin' | 'forest' | 'source_anchor' | 'account_record' | 'credential_record' | 'profile'
> & { encapsulation: string | null; seq: number; news: boolean };

/** One statement, so that both halves see the same users: one that comes in the first half can be left out of the second. */
async function readRows(
  scope: TenantScope,
  after: Place,
  limit: number,
  only: FeedQuery['only'],
): Promise<Row[]> {
  const columns = sql`id, origin, forest, source_anchor, account_record, credential_record, encapsulation_id, profile`;
  const half = (tenantId: string, seq: string, condition: RawBuilder<unknown>, news: boolean) => sql<Row>`
    (select ${columns}, ${sql.ref(seq)} as seq, ${sql.lit(news)} as news from users
      where tenant_id = ${tenantId} and account_record is not null and ${condition}
      order by ${sql.ref(seq)} limit ${limit})`;
  const isNew = sql`news_seq > ${after.news}`;
  const isAgain = sql`news_seq is distinct from changed_seq and changed_seq > ${after.again} and news_seq <= ${after.news}`;
  const { rows } = await scope.run<Row>(tenantId => {
    const news = half(tenantId, 'news_seq', isNew, true);
    const again = () => half(tenantId, 'changed_seq', isAgain, false);
    const feed = only === 'new' ? news : sql`(${news} union all ${again()})`;
    return sql<Row>`select feed.*, encapsulation from ${feed} as feed
      left join encapsulations on tenant_id = ${tenantId} and encapsulations.id = encapsulation_id
      order by news desc, seq limit ${limit}`;
  });
  return rows;
}

/** A new profile comes with its record. It does not come again with a resent record: a forced pass is about passwords. */
function profileOf(
  { profile, news }: Row,
  announced: readonly string[] | undefined,
): Pick<FeedItem, 'profile'> {
  if (!isReadBy(announced, PROFILE_RECORD)) return { profile: firstProfile(profile) };
  return news ? { profile } : {};
}

const itemOf = (row: Row, announced: readonly string[] | undefined): FeedItem => ({
  userId: row.id,
  origin: row.origin,
  forest: row.forest,
  sourceAnchor: row.source_anchor ?? row.id,
  accountRecord: row.account_record,
  credentialRecord: recordOf(row),
  ...profileOf(row, announced),
});

/** If the reader has announced all kinds known here, skips the look at each record. */
function shownTo(announced: readonly string[] | undefined, item: FeedItem): FeedItem {
  if (USER_RECORDS.every(name => announced?.includes(name))) return item;
  const shown = (record: string | null): string | null =>
    record !== null && isReadBy(announced, recordName(record) ?? '') ? record : null;
  return {
    ...item,
    accountRecord: shown(item.accountRecord),
    credentialRecord: shown(item.credentialRecord),
  };
}

/** A withdrawal is complete without an encapsulation. */
const recordOf = ({ credential_record: signed, encapsulation }: Row): string | null =>
  signed === null || encapsulation === null ? signed : joinEncapsulation({ signed, encapsulation });
