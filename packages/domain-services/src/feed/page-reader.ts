import { CallError } from '@causeway/api';
import { type FeedQuery, MAX_PAGE } from '@causeway/contract';
import { discard } from '../apply/discard.ts';
import { prepareItems } from '../apply/prepare.ts';
import { startPage } from '../apply/start-page.ts';
import { keyOf } from '../person.ts';
import { applyContext, type FeedContext } from './feed-context.ts';
import { hasRepeats, type Page } from './page.ts';
import { readFeed } from './read-feed.ts';

/** Users of a page when nothing new is left: whoever gets something new meanwhile waits for it to be written. */
const AGAIN_PAGE = 100;

/** Reads pages of the feed and prepares them, one of them ahead of who asks for it. */
export class PageReader {
  readonly #context: FeedContext;
  #ahead: { after: string; page: Promise<Page> } | undefined;
  /** Something new was left after the page that was read last. */
  #moreNew = false;

  constructor(context: FeedContext) {
    this.#context = context;
  }

  /**
   * The page after a cursor, prepared; the one that was read ahead when it is this.
   * @param wait for how many seconds it is waited for when there is none
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
      // Who waits for news can be woken; a page that comes at once, or is read ahead, is not given up for that.
      const ends = wait > 0 ? AbortSignal.any([signal, bell.signal]) : signal;
      const page = await this.read({ after, limit, wait }, ends);
      this.#moreNew = page.moreNew;
      return page;
    } catch (error) {
      // A cursor that is none, of a tenant that was broken into or replaced: without it the feed begins anew.
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
   * Reads and prepares the next page, and plans it when that may be done already.
   * @param inFlight who is being written meanwhile; undefined: too early to plan anybody
   */
  readAhead(after: string, inFlight: ReadonlySet<string> | undefined, signal: AbortSignal): void {
    const page = this.pageAfter(after, 0, signal).then(async next => {
      const early = !inFlight || next.items.some(({ verified }) => inFlight.has(keyOf(verified.person)));
      if (early || hasRepeats(next.items)) return next;
      return { ...next, tasks: await startPage(applyContext(this.#context), next.items) };
    });
    page.catch(() => {}); // whoever takes the page hears of it
    this.#ahead = { after, page };
  }

  /** What was read ahead was checked with what was trusted then: it does not count after a change. */
  async forgetAhead(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const page = await ahead?.page.catch(() => undefined);
    if (page) discard(page.tasks ?? page.items);
  }
}
