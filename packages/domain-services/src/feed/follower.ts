import {
  ACCEPTED_RECORDS,
  CallError,
  call,
  type FeedItem,
  type FeedQuery,
  FOREST_REPORT,
  hearing,
  isRemoved,
  MAX_PAGE,
  managedDomainRoutes,
  type Send,
  writeAccepts,
} from '@causeway/contract';
import { backoff, CausewayError, describeError, faultPoint, type Service, sleep } from '@causeway/service';
import { applyItems } from '../apply/apply.ts';
import type { ApplyContext } from '../apply/apply-context.ts';
import { tellGrowth } from '../apply/creations.ts';
import { applyDeletions } from '../apply/deletions.ts';
import { discard } from '../apply/discard.ts';
import { reconcileNames } from '../apply/names/reconcile-names.ts';
import { planPage } from '../apply/plan-page.ts';
import { prepareItems } from '../apply/prepare.ts';
import { settlePage } from '../apply/settle-page.ts';
import type { PreparedItem, Task } from '../apply/task.ts';
import { changesNames, isBulk, writePage } from '../apply/write-page.ts';
import { POLL_SECONDS } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { learnTenantKey } from '../pairing/tenant-key.ts';
import { trustOf } from '../pairing/trust.ts';
import { keyOf, personOf } from '../person.ts';
import { REASONS } from '../refusals.ts';
import { readFeed, type Unreadable } from './read-feed.ts';

/** A tenant that says at once that there is nothing is not asked more often than this. */
const EMPTY_PAUSE_MS = 100;
/** A page that was read longer ago than this waits for what came new since. */
const FRESH_MS = 100;
/** Users with something new who go before a page, at most: it is not held up for longer. */
const MAX_NEWS = 100;
/** Reports that wait until a page is settled, at most. */
const MAX_WAITING_REPORTS = 5000;
/** Users of a page when nothing new is left: whoever gets something new meanwhile waits for it to be written. */
const AGAIN_PAGE = 100;
/** Between pages that only repeat what is written already there is room for others, at most this long. */
const MAX_PAUSE_SECONDS = 5;
const MAX_REPORTS = 1000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
/** Users that wait for another try; above it the feed is read again instead. */
const MAX_RETRIES = 10_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10 * 60_000;

interface Page {
  items: PreparedItem[];
  /** Planned while the page before it was written; absent where that would have been too early. */
  tasks?: Task[];
  unreadable: Unreadable[];
  cursor: string;
  more: boolean;
  /** Of what comes after it, some is new, and was there when it was read. */
  moreNew: boolean;
  /** When it was asked for, and when it was there, by `performance.now`. */
  askedAt: number;
  readAt: number;
}

interface Retry {
  item: FeedItem;
  attempts: number;
  at: number;
}

/** The tenant keeps from a reader what it has not announced: after an upgrade that comes with the whole feed, once. */
function readWhatWasKept(ledger: Ledger): void {
  const announced = writeAccepts(ACCEPTED_RECORDS);
  if (ledger.state.get('announced') === announced) return;
  ledger.transaction(() => {
    ledger.state.set('cursor', '');
    ledger.state.set('announced', announced);
  });
}

export interface FollowerOptions extends Omit<ApplyContext, 'trust'> {
  send: Send;
  deletionThreshold: number;
  /** Told at the end of the feed when its last page was asked for. */
  onCaughtUp?: (askedAt: number) => void;
}

/**
 * Follows the tenant's change feed: read, plan, write, settle, report, and only then the cursor moves. While a page is written, the
 * one before it is settled and the one after it read and planned. A page that cannot be written is read again; a user that
 * cannot be written waits for another try and holds nobody up.
 */
export class Follower implements Service {
  readonly name = 'feed';
  /** What keeps the feed from being followed, in words; undefined while all is well. */
  trouble: string | undefined;
  readonly #options: FollowerOptions;
  readonly #tenant: ReturnType<typeof hearing>;
  readonly #retries = new Map<string, Retry>();
  #wake = new AbortController();
  #ahead: { after: string; page: Promise<Page> } | undefined;
  /** The page that is written and not settled yet. */
  #settling: Promise<void> | undefined;
  /** Users of pages that are written and not settled yet. */
  readonly #inFlight = new Set<string>();
  /** Where the feed is read from: ahead of the cursor by the pages in flight; undefined: at the cursor. */
  #position: string | undefined;
  /** Something new was left after the page that was read last. */
  #moreNew = false;
  /** How long the last page took to be written. */
  #writeSeconds = 0;
  #again = false;
  #caughtUp = false;
  /** When the tenant is asked for its own key (again): at the start, and until it has been learnt. */
  #learnAt = 0;
  /** When the feed is read again from the start, for users that could not be read or remembered. */
  #againAt = Number.POSITIVE_INFINITY;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#tenant = hearing(options.send);
    // What had failed when the last process ended is known by name only: it comes again with the whole feed.
    if (options.ledger.problems.hasFailed()) options.ledger.state.set('cursor', '');
    readWhatWasKept(options.ledger);
  }

  /** Reads the feed again from the start: what is trusted or accepted has changed. Equal records cost nothing. */
  readAgain(): void {
    this.#again = true;
    this.#learnAt = 0;
    this.wake();
  }

  /** Ends the wait for news. */
  wake(): void {
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#turn(signal);
        this.trouble = undefined;
        failures = 0;
      } catch (error) {
        await this.#goBack();
        if (signal.aborted) break;
        // The wait for news was ended. Whatever else fails is told, though somebody wakes us every few seconds.
        if (error === this.#wake.signal.reason) continue;
        failures++;
        this.trouble = describeError(error);
        if (failures === 1)
          this.#options.log.warn({ err: this.trouble }, 'the feed is not followed; trying again');
        const asked = error instanceof CallError ? (error.retryAfter ?? 0) * 1000 : 0;
        const wait = Math.max(asked, backoff(failures, FIRST_WAIT_MS, LAST_WAIT_MS));
        if (!isExpected(error)) this.#options.log.error({ err: this.trouble }, 'unexpected failure');
        await sleep(wait, AbortSignal.any([signal, this.#wake.signal]));
      }
    }
    await this.#goBack();
  }

  /** One page, or the end of the feed with what has waited for it. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#options;
    if (this.#wake.signal.aborted) {
      this.#wake = new AbortController();
      this.#caughtUp = false;
    }
    if (this.#again || Date.now() >= this.#againAt) {
      await this.#settled();
      this.#again = false;
      this.#againAt = Number.POSITIVE_INFINITY;
      ledger.state.set('cursor', '');
      await this.#goBack();
    }
    await this.#learnTenantKey(signal);
    await this.#retryDue();
    await this.#reconcileNames();
    // A feed without an end would never let the reports go.
    if (!this.#settling || ledger.outbox.holds(MAX_WAITING_REPORTS)) await this.#report(signal);
    const after = this.#position ?? ledger.state.get('cursor') ?? '';
    const page = await this.#pageAfter(after, this.#secondsToWait(), signal);
    // A page that leads nowhere is the end, whatever the tenant says.
    const more = page.more && page.cursor !== after;
    this.#position = page.cursor;
    this.#noteUnreadable(page.unreadable);
    if (page.items.length > 0) await this.#write(page, more, signal);
    else {
      await this.#settled();
      this.#moveCursor(page.cursor);
      await sleep(EMPTY_PAUSE_MS, AbortSignal.any([signal, this.#wake.signal]));
    }
    this.#caughtUp = !more && !this.#again;
    if (!this.#caughtUp) return;
    await this.#settled();
    await this.#options.ldbModify.release();
    await applyDeletions({ ...this.#options, threshold: this.#options.deletionThreshold });
    await this.#reconcileNames();
    tellGrowth(this.#options);
    await this.#report(signal);
    ledger.state.set('caughtUpAt', new Date().toISOString());
    this.#options.onCaughtUp?.(page.askedAt);
  }

  /** Writes a page; when this returns, the page before it is settled and this one is being settled. */
  async #write(page: Page, more: boolean, signal: AbortSignal): Promise<void> {
    faultPoint('domain.after-read');
    await this.#newsFirst(page, signal);
    if (!page.tasks) {
      await this.#settled();
      if (hasRepeats(page.items)) {
        const failed = await applyItems(this.#context(), page.items);
        await this.#finish(page, failed, signal);
        return;
      }
      page.tasks = await planPage(this.#context(), page.items);
    }
    const { tasks } = page;
    const began = performance.now();
    const writing = writePage(this.#context(), tasks);
    for (const { verified } of tasks) this.#inFlight.add(keyOf(verified.person));
    // The names of this page are in the ledger from here on, unless it gives accounts other ones.
    if (more) {
      // What this page makes counts for the next one, where new accounts may have to wait.
      const early = !tasks.some(changesNames) && this.#options.growth !== 'hold';
      this.#readAhead(page.cursor, early, signal);
      if (isBulk(tasks)) this.#options.ldbModify.prepare();
    }
    const [written, settled] = await Promise.allSettled([writing, this.#settled()]);
    this.#writeSeconds = (performance.now() - began) / 1000;
    if (written.status === 'rejected') throw written.reason;
    if (settled.status === 'rejected') throw settled.reason;
    this.#settling = settlePage(this.#context(), tasks).then(failed => this.#finish(page, failed, signal));
    this.#settling.catch(() => {}); // whoever waits for it hears of it
  }

  /**
   * Whoever got something new while a page of what was sent again waited for the one before it goes first: there may be many more
   * such pages, and a new password must not wait for them. Nor for the processor: pages of people who can sign in already are in no
   * hurry, and leave half of the time to others.
   */
  async #newsFirst(page: Page, signal: AbortSignal): Promise<void> {
    if (page.moreNew || performance.now() - page.readAt < FRESH_MS) return;
    try {
      const wait = repeatsOnly(page) ? Math.min(this.#writeSeconds, MAX_PAUSE_SECONDS) : 0;
      const query = { after: page.cursor, limit: MAX_NEWS, wait, only: 'new' } as const;
      const news = await this.#readPage(query, signal);
      page.cursor = news.cursor;
      this.#position = news.cursor;
      this.#noteUnreadable(news.unreadable);
      if (news.items.length === 0) return;
      await this.#settled();
      await this.#leaveOut(page, new Set(news.items.map(({ verified }) => keyOf(verified.person))));
      this.#remember(news.items, await applyItems(this.#context(), news.items));
      await this.#report(signal);
    } catch (error) {
      discard(page.tasks ?? page.items);
      throw error;
    }
  }

  /** Takes users out of a page that is prepared: what it says of them is not the newest any more. */
  async #leaveOut(page: Page, people: ReadonlySet<string>): Promise<void> {
    const isOut = ({ verified }: PreparedItem): boolean => people.has(keyOf(verified.person));
    const { tasks } = page;
    discard((tasks ?? page.items).filter(isOut));
    page.items = page.items.filter(item => !isOut(item));
    if (!tasks) return;
    page.tasks = tasks.filter(task => !isOut(task));
    if (!tasks.some(({ decision }) => decision.account.kind === 'upsert')) return;
    // The names that were planned for them may be taken by now.
    discard(tasks);
    page.items = await prepareItems(
      this.#context(),
      page.items.map(({ item }) => item),
    );
    delete page.tasks;
  }

  async #settled(): Promise<void> {
    const settling = this.#settling;
    await settling;
    if (this.#settling === settling) this.#settling = undefined;
  }

  /** Reports what became of a page, and lets the cursor move past it. */
  async #finish(page: Page, failed: readonly FeedItem[], signal: AbortSignal): Promise<void> {
    for (const { verified } of page.items) this.#inFlight.delete(keyOf(verified.person));
    this.#remember(page.items, failed);
    await this.#report(signal);
    faultPoint('domain.before-cursor');
    this.#options.log.info({ users: page.items.length, failed: failed.length }, 'page applied');
    this.#moveCursor(page.cursor);
  }

  #moveCursor(cursor: string): void {
    const { ledger } = this.#options;
    if (!this.#again && cursor !== ledger.state.get('cursor')) ledger.state.set('cursor', cursor);
    ledger.state.set('readAt', new Date().toISOString());
  }

  /** After a failure, or to read again: what is in flight comes to its end, and the feed goes on at the cursor. */
  async #goBack(): Promise<void> {
    await this.#settled().catch(() => {});
    this.#settling = undefined;
    this.#inFlight.clear();
    this.#position = undefined;
    await this.#forgetAhead();
    await this.#options.ldbModify.release();
  }

  /** Cloud-only users need the tenant's own key; without it they wait, and the forests' users do not. */
  async #learnTenantKey(signal: AbortSignal): Promise<void> {
    if (Date.now() < this.#learnAt) return;
    const { ledger, log } = this.#options;
    await this.#settled();
    this.#learnAt = Number.POSITIVE_INFINITY;
    try {
      const learnt = await learnTenantKey(ledger, this.#tenant.send, signal);
      if (learnt === 'pinned') await this.#goBack();
      if (learnt === 'changed') {
        log.error("the tenant's own key has changed: see causeway domain status");
      }
    } catch (error) {
      this.#learnAt = Date.now() + LAST_WAIT_MS;
      signal.throwIfAborted();
      log.warn({ err: describeError(error) }, "the tenant's own key is not known: cloud-only users wait");
    }
  }

  /** The page after a cursor, prepared; the one that was read ahead when it is this. */
  async #pageAfter(after: string, wait: number, signal: AbortSignal): Promise<Page> {
    if (this.#ahead?.after === after) {
      const { page } = this.#ahead;
      this.#ahead = undefined;
      return page;
    }
    await this.#forgetAhead();
    try {
      const limit = after === '' || this.#moreNew ? MAX_PAGE : AGAIN_PAGE;
      // Who waits for news can be woken; a page that comes at once, or is read ahead, is not given up for that.
      const ends = wait > 0 ? AbortSignal.any([signal, this.#wake.signal]) : signal;
      const page = await this.#readPage({ after, limit, wait }, ends);
      this.#moreNew = page.moreNew;
      return page;
    } catch (error) {
      // A cursor that is none, of a tenant that was broken into or replaced: without it the feed begins anew.
      if (error instanceof CallError && error.status === 400) this.#options.ledger.state.set('cursor', '');
      throw error;
    }
  }

  async #readPage(query: FeedQuery, signal: AbortSignal): Promise<Page> {
    const askedAt = performance.now();
    const reply = await readFeed(this.#tenant.send, query, signal);
    const readAt = performance.now();
    return { ...reply, askedAt, readAt, items: await prepareItems(this.#context(), reply.items) };
  }

  /** Reads and prepares the next page while this one is written, and plans it when that may be done already. */
  #readAhead(after: string, plan: boolean, signal: AbortSignal): void {
    const page = this.#pageAfter(after, 0, signal).then(async next => {
      const known = next.items.some(({ verified }) => this.#inFlight.has(keyOf(verified.person)));
      if (!plan || known || hasRepeats(next.items)) return next;
      return { ...next, tasks: await planPage(this.#context(), next.items) };
    });
    page.catch(() => {}); // whoever takes the page hears of it
    this.#ahead = { after, page };
  }

  /** What was read ahead was checked with what was trusted then: it does not count after a change. */
  async #forgetAhead(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const page = await ahead?.page.catch(() => undefined);
    if (page) discard(page.tasks ?? page.items);
  }

  /** Only who has seen the end of the feed waits for news there, and no longer than to the next retry. */
  #secondsToWait(): number {
    if (!this.#caughtUp) return 0;
    const names = this.#options.ledger.names.nextDue() ?? Number.POSITIVE_INFINITY;
    const next = Math.min(this.#againAt, names, ...[...this.#retries.values()].map(({ at }) => at));
    return Math.min(POLL_SECONDS, Math.max(0, (next - Date.now()) / 1000));
  }

  /** Users whose item is not as agreed: shown, and read again later, or with the next start. */
  #noteUnreadable(unreadable: readonly Unreadable[]): void {
    const { ledger, log } = this.#options;
    if (unreadable.length === 0) return;
    const at = new Date().toISOString();
    ledger.transaction(() => {
      for (const { person, reason } of unreadable) {
        if (person === undefined) continue;
        const problem = {
          ...person,
          kind: 'account',
          outcome: 'failed',
          code: 'malformed',
          sequence: 0,
          at,
        } as const;
        ledger.problems.saveUnverified({
          ...problem,
          reason: `${REASONS.malformed} (${reason})`,
          acceptable: null,
        });
      }
    });
    log.warn({ users: unreadable.length, reason: unreadable[0]!.reason }, 'users of the feed cannot be read');
    this.#againAt = Math.min(this.#againAt, Date.now() + LAST_RETRY_MS);
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#options;
    const { send, reads } = this.#tenant;
    for (;;) {
      const queued = ledger.outbox.first(MAX_REPORTS);
      if (queued.length === 0) return;
      // A tenant of the release before refuses a member that it does not know.
      const withForest = reads(FOREST_REPORT);
      const reports = queued.map(({ report: { forest, ...report } }) =>
        withForest && forest !== undefined ? { ...report, forest } : report,
      );
      await call(send, managedDomainRoutes.reportApplied, { body: { reports }, signal });
      ledger.outbox.drop(queued.at(-1)!.id);
    }
  }

  async #retryDue(): Promise<void> {
    const now = Date.now();
    const due = [...this.#retries.values()].filter(({ at }) => at <= now).map(({ item }) => item);
    if (due.length === 0) return;
    await this.#settled();
    const prepared = await prepareItems(this.#context(), due);
    this.#remember(prepared, await applyItems(this.#context(), prepared));
  }

  /** Names that were let go of by deletions, are reserved no more, or are to be tried again. */
  async #reconcileNames(): Promise<void> {
    const { ledger } = this.#options;
    if (!ledger.names.isAnyDue(Date.now()) && !this.#caughtUp) return;
    await this.#settled();
    const { gone } = await reconcileNames(this.#options);
    if (gone.size > 0) this.#againAt = Math.min(this.#againAt, Date.now() + FIRST_RETRY_MS);
  }

  #remember(tried: readonly PreparedItem[], failed: readonly FeedItem[]): void {
    const now = Date.now();
    const people = tried.map(({ verified }) => keyOf(verified.person));
    const attempts = new Map(people.map(key => [key, this.#retries.get(key)?.attempts ?? 0]));
    for (const key of people) this.#retries.delete(key);
    for (const item of failed) {
      const key = keyOf(personOf(item));
      const attempt = (attempts.get(key) ?? 0) + 1;
      const at = now + backoff(attempt, FIRST_RETRY_MS, LAST_RETRY_MS);
      if (this.#retries.size < MAX_RETRIES) this.#retries.set(key, { item, attempts: attempt, at });
      else this.#againAt = Math.min(this.#againAt, now + LAST_RETRY_MS);
    }
  }

  #context(): ApplyContext {
    return { ...this.#options, trust: trustOf(this.#options.ledger) };
  }
}

/** Everybody in it can sign in already, or is not to. */
function repeatsOnly({ tasks }: Page): boolean {
  return tasks?.every(({ entry }) => entry?.hasCredential || entry?.withdrawn) === true;
}

function hasRepeats(items: readonly PreparedItem[]): boolean {
  return new Set(items.map(({ verified }) => keyOf(verified.person))).size < items.length;
}

/** Failures that pass: a tenant or a domain controller that does not answer for a while. An agent that was removed has its own alarm. */
function isExpected(error: unknown): boolean {
  if (error instanceof CallError) return error.transient || isRemoved(error);
  return error instanceof CausewayError && error.retry === 'later';
}
