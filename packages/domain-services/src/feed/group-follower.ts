import { askedWait, CallError, type Send } from '@causeway/api';
import { MAX_GROUP_PAGE } from '@causeway/contract';
import { Bell, faultPoint, keepGoing, type Service, Trouble } from '@causeway/service';
import { POLL_SECONDS } from '../configuration.ts';
import { type BeliefContext, type BelievedPage, believePage } from '../groups/believe-page.ts';
import { type ReadGroups, readGroupFeed } from './read-group-feed.ts';

/** A tenant that says at once that there is nothing is not asked more often than this. */
const EMPTY_PAUSE_MS = 100;
/** Until a tenant that has no feed of groups is asked for it again. */
const NOT_SERVED_MS = 5 * 60_000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
/** Refused records that the log names. */
const NAMED = 5;

export interface GroupFollowerOptions extends BeliefContext {
  send: Send;
  /** Told at the end of the feed when its last page was asked for. */
  onCaughtUp?: (askedAt: number) => void;
}

/**
 * Follows the tenant's feed of groups: page after page is believed into the ledger, with the cursor, in one transaction each. It writes
 * nothing into the directory: that is the keeper's, who sees in the ledger what differs.
 */
export class GroupFollower implements Service {
  readonly name = 'feed of groups';
  readonly #options: GroupFollowerOptions;
  readonly #bell = new Bell();
  readonly #trouble: Trouble;
  /** It has seen the end of the feed, and waits there for news. */
  #caughtUp = false;
  /** As the tenant said last; undefined before it was asked. */
  isServed: boolean | undefined;

  constructor(options: GroupFollowerOptions) {
    this.#options = options;
    const { log } = options;
    this.#trouble = new Trouble(
      err => log.warn({ err }, 'cannot follow the feed of groups; retrying'),
      () => log.info('following the feed of groups again'),
    );
  }

  /** What keeps the feed from being followed, in words; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble.text;
  }

  /** Reads the feed again from the start. Equal records cost nothing. */
  readAgain(): void {
    this.#options.ledger.state.set('groupCursor', '');
    this.wake();
  }

  /** Ends the wait for news: the cursor may have been set back. */
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
      // A cursor that is none, of a tenant that was replaced: without it the feed begins anew.
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

  /** @returns whether the feed goes on behind this page; else it is to be read from elsewhere */
  #take(after: string, page: ReadGroups, more: boolean): boolean {
    const { ledger, log } = this.#options;
    const { items, unreadable, cursor } = page;
    const believed = ledger.transaction((): BelievedPage | undefined => {
      // While the page was on its way, the feed was to be read from its start.
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
