import type { FeedItem } from '@causeway/contract';
import { type Clock, faultPoint } from '@causeway/service';
import { applyItems } from '../apply/apply.ts';
import { discard } from '../apply/discard.ts';
import { prepareItems } from '../apply/prepare.ts';
import { settlePage } from '../apply/settle-page.ts';
import { startPage } from '../apply/start-page.ts';
import type { PreparedItem, Task } from '../apply/task.ts';
import { changesNames, isBulk, writePage } from '../apply/write-page.ts';
import { keyOf } from '../person.ts';
import { applyContext, type FeedContext } from './feed-context.ts';
import { noteUnreadable } from './note-unreadable.ts';
import { hasRepeats, type Page, repeatsOnly } from './page.ts';
import { PageReader } from './page-reader.ts';
import { sendReports } from './send-reports.ts';

/** The shortest time between two requests to a tenant that answers at once with nothing. */
const EMPTY_PAUSE_MS = 100;
/** If a page was read longer ago than this, what came new since then goes first. */
const FRESH_MS = 100;
/** Up to this many users with something new go before a page, so that it is not held up for longer. */
const MAX_NEWS = 100;
/** The longest pause between two pages that only repeat what is written already. It leaves room for others. */
const MAX_PAUSE_SECONDS = 5;

/**
 * Reads the feed from the ledger's cursor on, until something fails or the feed has to be read from another position. It owns what is in
 * flight. Each page is read, planned, written, settled and reported, and only then the cursor moves past it. While a page is written, the
 * previous one is settled and reported, and the next one is read and planned.
 */
export class Reading {
  /** It has seen the end of the feed, and waits there for news. */
  caughtUp = false;
  /** Page after page is written with many changes each, as at an initial load. A forced full pass only repeats, and does not count. */
  isLoading = false;
  /** The feed is to be read from its start: the cursor is no business of this reading any more. */
  isOutdated = false;
  readonly #context: FeedContext;
  readonly #clock: Clock;
  readonly #reader: PageReader;
  /** Ahead of the cursor by the pages in flight. */
  #position: string;
  /** The page that was written last, until it is settled and the previous one is reported. */
  #settling: Promise<void> | undefined;
  /** The page that was settled last, until the tenant has its reports. */
  #reporting: Promise<void> | undefined;
  /** Users of pages that are written and not settled yet. */
  readonly #inFlight = new Set<string>();
  /** How long the last page took to be written. */
  #writeSeconds = 0;

  constructor(context: FeedContext) {
    this.#context = context;
    this.#clock = context.ledger.clock;
    this.#reader = new PageReader(context);
    this.#position = context.ledger.state.get('cursor') ?? '';
  }

  get isSettling(): boolean {
    return this.#settling !== undefined || this.#reporting !== undefined;
  }

  /**
   * Reads a page and writes it.
   * @param wait for up to how many seconds to wait for news
   * @returns when the page was requested, by the ledger's monotonic clock
   */
  async next(wait: number, signal: AbortSignal): Promise<number> {
    const page = await this.#reader.pageAfter(this.#position, wait, signal);
    // A page that does not move the cursor is the last one, whatever the tenant says.
    const more = page.more && page.cursor !== this.#position;
    noteUnreadable(this.#context, page.unreadable);
    if (page.items.length > 0) await this.#write(page, more, signal);
    else {
      this.isLoading = false;
      await this.settled();
      this.#moveCursor(page.cursor);
      await this.#clock.sleep(EMPTY_PAUSE_MS, AbortSignal.any([signal, this.#context.bell.signal]));
    }
    this.#position = page.cursor;
    this.caughtUp = !more && !this.isOutdated;
    return page.askedAt;
  }

  /** Waits until all that was written is settled and reported. @throws what that failed with */
  async settled(): Promise<void> {
    await this.#settling;
    this.#settling = undefined;
    await this.#reporting;
    this.#reporting = undefined;
  }

  /** Lets what is in flight finish. Another reading continues at the cursor. */
  async end(): Promise<void> {
    await this.#settling?.catch(() => {});
    await this.#reporting?.catch(() => {});
    await this.#reader.forgetAhead();
    await this.#context.ldbModify.release();
  }

  /** Writes a page. When this returns, the previous page is settled and this one is being settled. */
  async #write(page: Page, more: boolean, signal: AbortSignal): Promise<void> {
    const { growth, ldbModify } = this.#context;
    faultPoint('domain.after-read');
    await this.#newsFirst(page, signal);
    if (!page.tasks) {
      await this.settled();
      if (hasRepeats(page.items)) {
        this.isLoading = false;
        this.#note(page, await applyItems(applyContext(this.#context), page.items));
        await this.#report(page, signal);
        return;
      }
      page.tasks = await startPage(applyContext(this.#context), page.items);
    }
    const { tasks } = page;
    const began = this.#clock.monotonic();
    const writing = writePage(applyContext(this.#context), tasks);
    for (const { verified } of tasks) this.#inFlight.add(keyOf(verified.person));
    // The names of this page are in the ledger from here on, unless it gives accounts other ones.
    this.isLoading = more && isBulk(tasks) && !repeatsOnly(page);
    if (more) {
      // Accounts that this page creates count towards the growth limit of the next one.
      const mayPlan = !tasks.some(changesNames) && growth !== 'hold';
      this.#reader.readAhead(page.cursor, mayPlan ? this.#inFlight : undefined, signal);
      if (isBulk(tasks)) ldbModify.prepare();
    }
    const [written, settled] = await Promise.allSettled([writing, this.#settling]);
    this.#writeSeconds = (this.#clock.monotonic() - began) / 1000;
    if (written.status === 'rejected') throw written.reason;
    if (settled.status === 'rejected') throw settled.reason;
    this.#settling = this.#settle(page, tasks, signal);
    this.#settling.catch(() => {}); // the caller that waits for it gets the error
  }

  /**
   * While a page of repeated records waited, some users got something new. They go first: many such pages may follow, and a new password
   * must not wait for them. Nor must it wait for the processor: pages in which nothing is new are not urgent, and leave half of the time
   * to others.
   */
  async #newsFirst(page: Page, signal: AbortSignal): Promise<void> {
    if (page.moreNew || this.#clock.monotonic() - page.readAt < FRESH_MS) return;
    try {
      const wait = repeatsOnly(page) ? Math.min(this.#writeSeconds, MAX_PAUSE_SECONDS) : 0;
      const query = { after: page.cursor, limit: MAX_NEWS, wait, only: 'new' } as const;
      const news = await this.#reader.read(query, signal);
      page.cursor = news.cursor;
      noteUnreadable(this.#context, news.unreadable);
      if (news.items.length === 0) return;
      await this.#settling; // but not its reports: the tenant may be slow to take them
      await this.#leaveOut(page, new Set(news.items.map(({ verified }) => keyOf(verified.person))));
      this.#context.retries.note(news.items, await applyItems(applyContext(this.#context), news.items));
    } catch (error) {
      discard(page.tasks ?? page.items);
      throw error;
    }
  }

  /** Takes users out of a prepared page, because what it says of them is outdated. */
  async #leaveOut(page: Page, people: ReadonlySet<string>): Promise<void> {
    const isOut = ({ verified }: PreparedItem): boolean => people.has(keyOf(verified.person));
    const { tasks } = page;
    discard((tasks ?? page.items).filter(isOut));
    page.items = page.items.filter(item => !isOut(item));
    if (!tasks) return;
    page.tasks = tasks.filter(task => !isOut(task));
    if (!tasks.some(({ decision }) => decision.account.kind === 'upsert')) return;
    // The names planned for the others may be taken by now.
    discard(tasks);
    page.items = await prepareItems(
      applyContext(this.#context),
      page.items.map(({ item }) => item),
    );
    delete page.tasks;
  }

  /** When this returns, the page is being reported. */
  async #settle(page: Page, tasks: readonly Task[], signal: AbortSignal): Promise<void> {
    const previous = this.#reporting;
    this.#note(page, await settlePage(applyContext(this.#context), tasks));
    await previous;
    this.#reporting = this.#report(page, signal);
    this.#reporting.catch(() => {}); // the caller that waits for it gets the error
  }

  #note(page: Page, failed: readonly FeedItem[]): void {
    const { retries, log } = this.#context;
    for (const { verified } of page.items) this.#inFlight.delete(keyOf(verified.person));
    retries.note(page.items, failed);
    log.info({ users: page.items.length, failed: failed.length }, 'applied a page');
  }

  /** Reports what became of a page and of the news before it, and moves the cursor past them. */
  async #report(page: Page, signal: AbortSignal): Promise<void> {
    await sendReports(this.#context, signal);
    faultPoint('domain.before-cursor');
    this.#moveCursor(page.cursor);
  }

  #moveCursor(cursor: string): void {
    const { ledger } = this.#context;
    if (!this.isOutdated && cursor !== ledger.state.get('cursor')) ledger.state.set('cursor', cursor);
    ledger.state.set('readAt', ledger.timestamp());
  }
}
