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

/** Reports that wait until a page is settled, at most. */
const MAX_WAITING_REPORTS = 5000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;

/** The tenant keeps from a reader what it has not announced: after an upgrade that comes with the whole feed, once. */
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
  /** Told at the end of the feed when its last page was asked for. */
  onCaughtUp?: (askedAt: number) => void;
}

/**
 * Follows the tenant's change feed: a reading of it after the other, and at its end what has waited for that. What cannot be written
 * is read again; a user that cannot be written waits for another try and holds nobody up.
 */
export class Follower implements Service {
  readonly name = 'feed';
  readonly #options: FollowerOptions;
  readonly #context: FeedContext;
  readonly #trouble: Trouble;
  readonly #byHand: HandWatch;
  #reading: Reading;
  /** When the tenant is asked for its own key (again): at the start, and until it has been learnt. */
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
    // What had failed when the last process ended is known by name only: it comes again with the whole feed.
    if (ledger.problems.hasFailed()) ledger.state.set('cursor', '');
    readWhatWasKept(ledger);
    this.#byHand = new HandWatch(options);
    this.#reading = new Reading(this.#context);
  }

  /** What keeps the feed from being followed, in words; undefined while all is well. */
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

  /** One page, or the end of the feed with what has waited for it. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { ledger, ldbModify, onCaughtUp, deletionThreshold } = this.#options;
    if (this.#context.retries.isEverybodyDue) this.#startOver();
    if (this.#reading.isOutdated) await this.#readOn();
    await this.#learnTenantKey(signal);
    await this.#retryDue();
    await this.#lookByHand();
    await this.#reconcileNames();
    const reading = this.#reading;
    // A feed without an end would never let the reports go.
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

  /** Cloud-only users need the tenant's own key; without it they wait, and the forests' users do not. */
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

  /** Only who has seen the end of the feed waits for news there, and no longer than to the next retry. */
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

  /** Only where no page is on its way: what it has written is not in the ledger yet. */
  async #lookByHand(): Promise<void> {
    if (!this.#reading.caughtUp || this.#byHand.next() > this.#options.ledger.clock.now()) return;
    await this.#reading.settled();
    if (!(await this.#byHand.look())) return;
    this.#startOver();
    await this.#readOn();
  }

  /** Names that were let go of by deletions, are reserved no more, or are to be tried again. */
  async #reconcileNames(): Promise<void> {
    const { ledger } = this.#options;
    if (!ledger.names.isAnyDue(ledger.clock.now()) && !this.#reading.caughtUp) return;
    await this.#reading.settled();
    const { gone } = await reconcileNames(this.#options);
    if (gone.size > 0) this.#context.retries.everybodySoon();
  }
}

/** Failures that pass: a tenant or a domain controller that does not answer for a while. An agent that was removed has its own alarm. */
function isExpected(error: unknown): boolean {
  if (error instanceof CallError) return error.transient || isRemoved(error);
  return error instanceof CausewayError && error.retry === 'later';
}
