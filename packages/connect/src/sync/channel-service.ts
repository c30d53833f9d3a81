import { CallError } from '@causeway/api';
import { backoff, CausewayError, describeError, type Service, sleep } from '@causeway/service';
import { EventId } from '../store/events.ts';
import type { RetryKind } from '../store/retry-queue.ts';
import type { Connect } from './connect.ts';
import type { Connector } from './connector.ts';
import { connectorCounts } from './connector-counts.ts';
import { effectiveInterval } from './effective-interval.ts';

const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 10_000;
const MAX_RETRY_AFTER_MS = 300_000;
/** The retry queue alone starts no cycle more often than this. */
const QUEUE_PAUSE_MS = 2_000;
const PING_EVERY_MS = 10_000;
/** The original writes 653 and 654 every 30 minutes when nothing happens. */
const PING_EVENT_EVERY_MS = 30 * 60_000;

/**
 * Keeps one connector going: asks the domain controller four times a second whether anything changed, runs a cycle when it did and
 * at least every two minutes, carries out forced passes beside that. A failure is said, waited out and tried again.
 */
export class ChannelService implements Service {
  readonly name: string;
  readonly #connector: Connector;
  readonly #connect: Connect;
  #nudged = false;
  #wake: AbortController = new AbortController();
  #lastPing = 0;
  #lastPingEvent = 0;
  #lastCounts = '';
  #lastFailure = '';

  constructor(connector: Connector, connect: Connect) {
    this.#connector = connector;
    this.#connect = connect;
    this.name = `connector ${connector.context.connector.name}`;
  }

  /** Something was asked for: the next cycle begins now. */
  nudge(): void {
    this.#nudged = true;
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#keepUp(signal, () => this.#poll()),
      this.#keepUp(signal, () => this.#fullPass()),
    ]);
  }

  #cycledUsn: bigint | undefined;
  #lastCycle = 0;
  #lastObjects = 0;

  /** Objects run as the scheduler says; passwords have a rhythm of their own, as in the original, and run also when it is off. */
  async #poll(): Promise<void> {
    const { settings, store } = this.#connector.context;
    const usn = await this.#connector.poll();
    const now = Date.now();
    const changed = this.#nudged || usn !== this.#cycledUsn;
    const idle = now - this.#lastCycle;
    const queued = (kind: RetryKind): boolean => idle >= QUEUE_PAUSE_MS && store.queue.hasDue(kind);
    const objects =
      this.#connect.store.scheduler.automatic &&
      (changed || queued('object') || now - this.#lastObjects >= effectiveInterval(this.#connect) * 1000);
    const due = objects || changed || idle >= settings.cycleIntervalMs || queued('password');
    if (!due) return;
    this.#nudged = false;
    this.#lastCycle = now;
    if (objects) this.#lastObjects = now;
    await this.#cycle(objects);
    this.#cycledUsn = usn;
    await this.#ping();
  }

  async #cycle(objects: boolean): Promise<void> {
    const initial = objects && this.#connector.nextPolicy === 'Initial';
    try {
      const summary = await this.#connector.cycle({ objects, initial });
      if (initial) this.#connector.nextPolicy = 'Delta';
      if (summary.imported + summary.upserted + summary.deleted + summary.passwords.sent > 0)
        this.#connector.context.log.info(summary, 'cycle');
    } catch (error) {
      // Somebody stopped it: the next cycle comes when it is due, not at once.
      if (!(error instanceof CausewayError) || error.code !== 'cycle-stopped') throw error;
    }
  }

  async #fullPass(): Promise<void> {
    const { store } = this.#connector.context;
    const pass = store.passes.open();
    if (pass === undefined || pass.readAt !== null || !store.settings.passwordSync) return;
    if (store.cursors.get('dirsync-cookie') === undefined) return; // waits for the first import (event 613)
    await this.#connector.fullPass();
    this.nudge();
  }

  /** Does a thing again and again until the signal; after a failure with growing pauses. */
  async #keepUp(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { settings } = this.#connector.context;
    for (let failures = 0; !signal.aborted; ) {
      let wait = settings.pollIntervalMs;
      try {
        await work();
        if (failures > 0) this.#lastFailure = '';
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.#nudged = true; // what failed is made good by a cycle, not only when something changes
        wait = backoff(failures, FIRST_WAIT_MS, LAST_WAIT_MS);
        if (error instanceof CallError && error.retryAfter !== undefined)
          wait = Math.max(wait, Math.min(error.retryAfter * 1000, MAX_RETRY_AFTER_MS));
        this.#sayFailure(error, wait);
      }
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      await sleep(wait, AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  /** An event for a new failure, a line in the log for each. */
  #sayFailure(error: unknown, wait: number): void {
    const { store, connector, log } = this.#connector.context;
    const text = describeError(error);
    if (text === this.#lastFailure) {
      log.warn({ connector: connector.name, nextTryMs: Math.round(wait) }, text);
      return;
    }
    this.#lastFailure = text;
    const ofController = error instanceof CausewayError && error.code.startsWith('domain-controller-');
    const denied = error instanceof CausewayError && error.code === 'access-denied';
    const id = ofController
      ? EventId.domainControllerFailed
      : denied
        ? EventId.accessDenied
        : EventId.channelFailed;
    store.events.add(id, 'error', connector.name, `synchronization failed for ${connector.forest}: ${text}`);
  }

  async #ping(): Promise<void> {
    const { store, connector, tenant } = this.#connector.context;
    const { queued, owed, quarantined } = connectorCounts(store);
    const counts = JSON.stringify({ queued, owed, quarantined });
    const now = Date.now();
    if (counts === this.#lastCounts && now - this.#lastPing < PING_EVERY_MS) return;
    const said = now - this.#lastPingEvent >= PING_EVENT_EVERY_MS;
    const say = (id: number, text: string) => said && store.events.add(id, 'info', connector.name, text);
    say(EventId.pingStart, 'Provision credentials ping start.');
    try {
      await tenant.reportStatus({
        forest: connector.forest,
        lastObjectCycleAt: store.cursors.get('last-object-cycle-at') ?? null,
        lastPasswordCycleAt: store.cursors.get('last-password-cycle-at') ?? null,
        queued,
        owed,
        quarantined,
      });
      this.#lastPing = now;
      this.#lastCounts = counts;
      this.#connect.prune();
      say(EventId.pingEnd, 'Provision credentials ping end.');
      if (said) this.#lastPingEvent = now;
    } catch (error) {
      store.events.add(
        EventId.pingFailed,
        'warn',
        connector.name,
        `Provision credentials ping failed: ${describeError(error)}`,
      );
    }
  }
}
