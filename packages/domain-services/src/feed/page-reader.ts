import { CallError } from '@causeway/api';
import { type FeedQuery, MAX_PAGE } from '@causeway/contract';
import { discard } from '../apply/discard.ts';
import { prepareItems } from '../apply/prepare.ts';
import { startPage } from '../apply/start-page.ts';
import { keyOf } from '../person.ts';
import { applyContext, type FeedContext } from './feed-context.ts';
import { hasRepeats, type Page } from './page.ts';
import { readFeed } from './read-feed.ts';

/** Users per page when nothing new is left. It is small, because a user with something new waits until the page is written. */
const AGAIN_PAGE = 100;

/** Reads and prepares pages of the feed, one of them ahead of the caller. */
export class PageReader {
  readonly #context: FeedContext;
  #ahead: { after: string; page: Promise<Page> } | undefined;
  /** The page that was read last left something new behind it. */
  #moreNew = false;

  constructor(context: FeedContext) {
    this.#context = context;
  }

  /**
   * The prepared page after a cursor; the one that was read ahead, if it fits.
   * @param wait for up to how many seconds to wait for news
   */
  async pageAfter(after: string, wait: number, signal: AbortSignal): Promise<Page> {
    if (this.#ahead?.after === after) {
      const { page } = this.#ahead;
      this.#ahead = undefined;
      return page;
    }
    await this.forgetAhead();
    const { ledger, bell } = this.#context;
    try {
      const limit = after === '' || this.#moreNew ? MAX_PAGE : AGAIN_PAGE;
      // Only a wait for news can be interrupted. A page that comes at once, or is read ahead, is not given up for that.
      const ends = wait > 0 ? AbortSignal.any([signal, bell.signal]) : signal;
      const page = await this.read({ after, limit, wait }, ends);
      this.#moreNew = page.moreNew;
      return page;
    } catch (error) {
      // The tenant does not know this cursor: it was broken into or replaced. Without a cursor the feed starts over.
      if (error instanceof CallError && error.status === 400) ledger.state.set('cursor', '');
      throw error;
    }
  }

  async read(query: FeedQuery, signal: AbortSignal): Promise<Page> {
    const { clock } = this.#context.ledger;
    const askedAt = clock.monotonic();
    const reply = await readFeed(this.#context.send, query, signal);
    const readAt = clock.monotonic();
    const items = await prepareItems(applyContext(this.#context), reply.items);
    return { ...reply, askedAt, readAt, items };
  }

  /**
   * Reads and prepares the next page, and plans it if that is possible already.
   * @param inFlight users that are being written meanwhile; undefined when it is too early to plan anyone
   */
  readAhead(after: string, inFlight: ReadonlySet<string> | undefined, signal: AbortSignal): void {
    const page = this.pageAfter(after, 0, signal).then(async next => {
      const early = !inFlight || next.items.some(({ verified }) => inFlight.has(keyOf(verified.person)));
      if (early || hasRepeats(next.items)) return next;
      return { ...next, tasks: await startPage(applyContext(this.#context), next.items) };
    });
    page.catch(() => {}); // the caller that takes the page gets the error
    this.#ahead = { after, page };
  }

  /** Drops the page that was read ahead: it was checked with the trust of that time, which has changed. */
  async forgetAhead(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const page = await ahead?.page.catch(() => undefined);
    if (page) discard(page.tasks ?? page.items);
  }
}
