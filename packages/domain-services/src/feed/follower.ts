import { askedWait, CallError, hearing, isRemoved, type Send } from '@causeway/api';
import { USER_RECORDS, writeAccepts } from '@causeway/contract';
import { Bell, CausewayError, describeError, keepGoing, type Service, Trouble } from '@causeway/service';
import { applyItems } from '../apply/apply.ts';
import type { ApplyContext } from '../apply/apply-context.ts';
import { tellGrowth } from '../apply/creations.ts';
import { applyDeletions } from '../apply/deletions.ts';
import { reconcileNames } from '../apply/names/reconcile-names.ts';
import { prepareItems } from '../apply/prepare.ts';
import { HandWatch } from '../apply/reunion/hand-watch.ts';
import { disableUnclaimed } from '../apply/reunion/unclaimed.ts';
import { POLL_SECONDS } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { learnTenantKey } from '../pairing/tenant-key.ts';
import { applyContext, type FeedContext } from './feed-context.ts';
import { Reading } from './reading.ts';
import { Retries } from './retries.ts';
import { sendReports } from './send-reports.ts';

/** Up to this many reports wait until a page is settled. */
const MAX_WAITING_REPORTS = 5000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;

/** The tenant withholds what a reader has not announced. After an upgrade that announces more, the whole feed is read once. */
function readWhatWasKept(ledger: Ledger): void {
  const announced = writeAccepts(USER_RECORDS);
  if (ledger.state.get('announced') === announced) return;
  ledger.transaction(() => {
    ledger.state.set('cursor', '');
    ledger.state.set('announced', announced);
  });
}

export interface FollowerOptions extends Omit<ApplyContext, 'trust'> {
  send: Send;
  deletionThreshold: number;
  /** Called at the end of the feed, with the time when its last page was requested. */
  onCaughtUp?: (askedAt: number) => void;
}

/**
 * Follows the tenant's change feed, one reading after the other, and at its end does what had to wait for that. It reads again what it
 * could not write. A user that cannot be written waits for a retry and holds up nobody else.
 */
export class Follower implements Service {
  readonly name = 'feed';
  readonly #options: FollowerOptions;
  readonly #context: FeedContext;
  readonly #trouble: Trouble;
  readonly #byHand: HandWatch;
  #reading: Reading;
  /** When to ask the tenant for its own key next: at the start, and until it is known. */
  #learnAt = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { ledger, log, send } = options;
    this.#context = { ...options, ...hearing(send), retries: new Retries(ledger.clock), bell: new Bell() };
    this.#trouble = new Trouble(
      (err, error) => {
        if (isExpected(error)) log.warn({ err }, 'cannot follow the feed; retrying');
        else log.error({ err }, 'cannot follow the feed because of an unexpected failure; retrying');
      },
      () => log.info('following the feed again'),
    );
    // Of users that failed before the last process ended, only the names are known. Their records come again with the whole feed.
    if (ledger.problems.hasFailed()) ledger.state.set('cursor', '');
    readWhatWasKept(ledger);
    this.#byHand = new HandWatch(options);
    this.#reading = new Reading(this.#context);
  }

  /** Why the feed is not followed, in words; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble.text;
  }

  /** Whether page after page is written with many changes each, as at an initial load; false while the tenant does not answer. */
  get isLoading(): boolean {
    return this.#reading.isLoading && !this.#reading.caughtUp && this.trouble === undefined;
  }

  /** Reads the feed again from the start: what is trusted or accepted has changed. Equal records cost nothing. */
  readAgain(): void {
    this.#startOver();
    this.#learnAt = 0;
    this.wake();
  }

  #startOver(): void {
    this.#reading.isOutdated = true;
    this.#context.retries.everybodyComes();
    this.#options.ledger.state.set('cursor', '');
  }

  /** Ends the wait for news. */
  wake(): void {
    this.#context.bell.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const turn = async (woken: boolean): Promise<void> => {
      if (woken) this.#reading.caughtUp = false;
      try {
        await this.#turn(signal);
      } catch (error) {
        await this.#readOn();
        throw error;
      }
    };
    const { bell, ledger } = this.#context;
    const waits = { firstWaitMs: FIRST_WAIT_MS, lastWaitMs: LAST_WAIT_MS, waitAfter: askedWait };
    await keepGoing({ signal, turn, trouble: this.#trouble, bell, clock: ledger.clock, ...waits });
    await this.#reading.end();
  }

  /** Ends the reading. The next one begins at the cursor. */
  async #readOn(): Promise<void> {
    await this.#reading.end();
    this.#reading = new Reading(this.#context);
  }

  /** Processes one page, or at the end of the feed whatever has waited for that. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { ledger, ldbModify, onCaughtUp, deletionThreshold } = this.#options;
    if (this.#context.retries.isEverybodyDue) this.#startOver();
    if (this.#reading.isOutdated) await this.#readOn();
    await this.#learnTenantKey(signal);
    await this.#retryDue();
    await this.#lookByHand();
    await this.#reconcileNames();
    const reading = this.#reading;
    // Without the limit, an endless feed would hold the reports back forever.
    if (!reading.isSettling || ledger.outbox.holds(MAX_WAITING_REPORTS)) await this.#report(signal);
    const askedAt = await reading.next(this.#secondsToWait(), signal);
    if (!reading.caughtUp) return;
    await reading.settled();
    await ldbModify.release();
    await applyDeletions({ ...this.#options, threshold: deletionThreshold });
    await this.#reconcileNames();
    tellGrowth(this.#options);
    await this.#report(signal);
    ledger.state.set('caughtUpAt', ledger.timestamp());
    onCaughtUp?.(askedAt);
    await disableUnclaimed(this.#options);
  }

  /** Cloud-only users need the tenant's own key. Without it they wait; users of the forests do not. */
  async #learnTenantKey(signal: AbortSignal): Promise<void> {
    const { ledger, log } = this.#options;
    if (ledger.clock.now() < this.#learnAt) return;
    await this.#reading.settled();
    this.#learnAt = Number.POSITIVE_INFINITY;
    try {
      const learnt = await learnTenantKey(ledger, this.#context.send, signal);
      if (learnt === 'pinned') await this.#readOn();
      if (learnt === 'changed') {
        log.error("the tenant's own key has changed; see causeway domain status");
      }
    } catch (error) {
      this.#learnAt = ledger.clock.now() + LAST_WAIT_MS;
      signal.throwIfAborted();
      log.warn(
        { err: describeError(error) },
        "cannot read the tenant's own key; cloud-only users wait for it",
      );
    }
  }

  /** It waits for news only at the end of the feed, and no longer than until the next retry. */
  #secondsToWait(): number {
    if (!this.#reading.caughtUp) return 0;
    const { ledger, retries } = this.#context;
    const due = ledger.names.nextDue() ?? Number.POSITIVE_INFINITY;
    const next = Math.min(due, retries.next(), this.#byHand.next());
    return Math.min(POLL_SECONDS, Math.max(0, (next - ledger.clock.now()) / 1000));
  }

  #report(signal: AbortSignal): Promise<void> {
    return sendReports(this.#context, signal);
  }

  async #retryDue(): Promise<void> {
    const { retries } = this.#context;
    const due = retries.due();
    if (due.length === 0) return;
    await this.#reading.settled();
    const prepared = await prepareItems(applyContext(this.#context), due);
    retries.note(prepared, await applyItems(applyContext(this.#context), prepared));
  }

  /** Only while no page is in flight: what such a page has written is not in the ledger yet. */
  async #lookByHand(): Promise<void> {
    if (!this.#reading.caughtUp || this.#byHand.next() > this.#options.ledger.clock.now()) return;
    await this.#reading.settled();
    if (!(await this.#byHand.look())) return;
    this.#startOver();
    await this.#readOn();
  }

  /** Names that a deletion freed, whose reservation ended, or whose retry is due. */
  async #reconcileNames(): Promise<void> {
    const { ledger } = this.#options;
    if (!ledger.names.isAnyDue(ledger.clock.now()) && !this.#reading.caughtUp) return;
    await this.#reading.settled();
    const { gone } = await reconcileNames(this.#options);
    if (gone.size > 0) this.#context.retries.everybodySoon();
  }
}

/** Failures that pass, such as a tenant or a domain controller that does not answer for a while. A removed agent has its own alarm. */
function isExpected(error: unknown): boolean {
  if (error instanceof CallError) return error.transient || isRemoved(error);
  return error instanceof CausewayError && error.retry === 'later';
}
