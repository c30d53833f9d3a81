import { askedWait, CallError, type Send } from '@causeway/api';
import { MAX_GROUP_PAGE } from '@causeway/contract';
import { Bell, faultPoint, keepGoing, type Service, Trouble } from '@causeway/service';
import { POLL_SECONDS } from '../configuration.ts';
import { type BeliefContext, type BelievedPage, believePage } from '../groups/believe-page.ts';
import { type ReadGroups, readGroupFeed } from './read-group-feed.ts';

/** The shortest time between two requests to a tenant that answers at once with nothing. */
const EMPTY_PAUSE_MS = 100;
/** After this time a tenant without a feed of groups is asked again. */
const NOT_SERVED_MS = 5 * 60_000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
/** The log names up to this many rejected records. */
const NAMED = 5;

export interface GroupFollowerOptions extends BeliefContext {
  send: Send;
  /** Called at the end of the feed, with the time when its last page was requested. */
  onCaughtUp?: (askedAt: number) => void;
}

/**
 * Follows the tenant's feed of groups. It believes page after page into the ledger, each with its cursor in one transaction. It writes
 * nothing into the directory: the keeper does, once it sees a difference in the ledger.
 */
export class GroupFollower implements Service {
  readonly name = 'feed of groups';
  readonly #options: GroupFollowerOptions;
  readonly #bell = new Bell();
  readonly #trouble: Trouble;
  /** It has seen the end of the feed, and waits there for news. */
  #caughtUp = false;
  /** By the tenant's last answer; undefined before the first. */
  isServed: boolean | undefined;

  constructor(options: GroupFollowerOptions) {
    this.#options = options;
    const { log } = options;
    this.#trouble = new Trouble(
      err => log.warn({ err }, 'cannot follow the feed of groups; retrying'),
      () => log.info('following the feed of groups again'),
    );
  }

  /** Why the feed is not followed, in words; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble.text;
  }

  /** Reads the feed again from the start. Equal records cost nothing. */
  readAgain(): void {
    this.#options.ledger.state.set('groupCursor', '');
    this.wake();
  }

  /** Ends the wait for news, for example because the cursor was set back. */
  wake(): void {
    this.#bell.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const turn = async (woken: boolean): Promise<void> => {
      if (woken) this.#caughtUp = false;
      await this.#turn(signal);
    };
    const { clock } = this.#options.ledger;
    const waits = { firstWaitMs: FIRST_WAIT_MS, lastWaitMs: LAST_WAIT_MS, waitAfter: askedWait };
    await keepGoing({ signal, turn, trouble: this.#trouble, bell: this.#bell, clock, ...waits });
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { ledger, send } = this.#options;
    const after = ledger.state.get('groupCursor') ?? '';
    if (after === '') this.#caughtUp = false;
    const wait = this.#caughtUp ? POLL_SECONDS : 0;
    const woken = AbortSignal.any([signal, this.#bell.signal]);
    const askedAt = ledger.clock.monotonic();
    let page: ReadGroups | undefined;
    try {
      page = await readGroupFeed(send, { after, limit: MAX_GROUP_PAGE, wait }, wait > 0 ? woken : signal);
    } catch (error) {
      // The tenant does not know this cursor, perhaps because it was replaced. Without a cursor the feed starts over.
      if (error instanceof CallError && error.status === 400) ledger.state.set('groupCursor', '');
      throw error;
    }
    this.isServed = page !== undefined;
    if (page === undefined) {
      await ledger.clock.sleep(NOT_SERVED_MS, woken);
      return;
    }
    const more = page.more && page.cursor !== after;
    faultPoint('domain.groups-read');
    if (!this.#take(after, page, more)) return;
    this.#caughtUp = !more;
    if (!more) this.#options.onCaughtUp?.(askedAt);
    if (page.items.length === 0) await ledger.clock.sleep(EMPTY_PAUSE_MS, woken);
  }

  /** @returns whether the next page follows this one; otherwise the feed is read from another position */
  #take(after: string, page: ReadGroups, more: boolean): boolean {
    const { ledger, log } = this.#options;
    const { items, unreadable, cursor } = page;
    const believed = ledger.transaction((): BelievedPage | undefined => {
      // The cursor was set back while this page was in flight.
      if ((ledger.state.get('groupCursor') ?? '') !== after) return undefined;
      const result = believePage(this.#options, items);
      ledger.state.set('groupCursor', result.again ? '' : cursor);
      const isWhole = !more && !result.again;
      if (isWhole !== !!ledger.state.get('groupsReadAt') || items.length > 0)
        ledger.state.set('groupsReadAt', isWhole ? ledger.timestamp() : '');
      return result;
    });
    if (believed === undefined) return false;
    if (items.length > 0)
      log.info({ records: items.length, believed: believed.believed }, 'verified a page of groups');
    if (unreadable > 0) log.warn({ records: unreadable }, 'cannot read records in the feed of groups');
    if (believed.refused.length > 0) {
      const named = believed.refused
        .slice(0, NAMED)
        .map(({ group: { forest, anchor }, refused: { code, reason } }) => ({
          forest,
          anchor,
          code,
          reason,
        }));
      log.warn({ records: believed.refused.length, named }, 'refused records of groups');
    }
    return !believed.again;
  }
}
