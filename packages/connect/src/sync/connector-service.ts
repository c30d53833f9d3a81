import { askedWait } from '@causeway/api';
import { Bell, CausewayError, keepGoing, type Service, Trouble } from '@causeway/service';
import type { RetryKind } from '../store/retry-queue.ts';
import type { Connect } from './connect.ts';
import type { Connector } from './connector.ts';
import { effectiveInterval } from './effective-interval.ts';
import type { Forest } from './forest.ts';
import { Heartbeat } from './heartbeat.ts';

const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 10_000;
/** The shortest time between cycles that only the retry queue starts. */
const QUEUE_PAUSE_MS = 2_000;

/**
 * Runs one connector. It asks the domain controller four times a second whether anything changed. It runs a cycle after a change and at
 * least every two minutes, and forced passes in parallel. After a failure it reports, waits and retries.
 */
export class ConnectorService implements Service {
  readonly name: string;
  readonly #connector: Connector;
  readonly #connect: Connect;
  readonly #forest: Forest;
  readonly #heartbeat: Heartbeat;
  readonly #bells = { cycles: new Bell(), passes: new Bell() };
  /** Shared by both loops, so that an unreachable domain controller is reported once. */
  readonly #trouble: Trouble;
  #nudged = false;

  constructor(connector: Connector, connect: Connect) {
    this.#connector = connector;
    this.#connect = connect;
    this.#forest = connect.forests.find(({ connectors }) => connectors.includes(connector))!;
    this.#forest.onWork(() => this.nudge());
    this.#heartbeat = new Heartbeat(connector.context, () => connect.prune());
    const { name } = connector;
    this.name = `connector ${name}`;
    this.#trouble = new Trouble(
      (text, error) => this.#tell(text, error),
      () => connector.context.log.info({ connector: name }, 'synchronization has resumed'),
    );
  }

  /** After a request, starts the next cycle now. */
  nudge(): void {
    this.#nudged = true;
    this.#bells.cycles.ring();
    this.#bells.passes.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, store } = this.#connector.context;
    const rhythm = {
      ...{ signal, trouble: this.#trouble, pauseMs: settings.pollIntervalMs, clock: store.clock },
      ...{ firstWaitMs: FIRST_WAIT_MS, lastWaitMs: LAST_WAIT_MS, waitAfter: askedWait },
    };
    await Promise.all([
      keepGoing({ ...rhythm, bell: this.#bells.cycles, turn: this.#madeGood(() => this.#poll()) }),
      keepGoing({ ...rhythm, bell: this.#bells.passes, turn: this.#madeGood(() => this.#fullPass()) }),
    ]);
  }

  /** Runs a cycle after a failure, not only after a change. */
  #madeGood(work: () => Promise<void>): () => Promise<void> {
    return async () => {
      try {
        await work();
      } catch (error) {
        this.#nudged = true;
        throw error;
      }
    };
  }

  #cycledUsn: bigint | undefined;
  #lastCycle = 0;
  #lastObjects = 0;

  /** Objects follow the scheduler. Passwords have their own schedule, as in the original, and run even if the scheduler is off. */
  async #poll(): Promise<void> {
    const { settings, store } = this.#connector.context;
    const usn = await this.#connector.poll();
    const now = store.clock.now();
    const changed = this.#nudged || usn !== this.#cycledUsn;
    const idle = now - this.#lastCycle;
    const queued = (kind: RetryKind): boolean => idle >= QUEUE_PAUSE_MS && store.queue.hasDue(kind);
    const objects =
      this.#connect.store.scheduler.automatic &&
      (changed ||
        queued('object') ||
        (idle >= QUEUE_PAUSE_MS && store.slices.hasDue()) ||
        now - this.#lastObjects >= effectiveInterval(this.#connect) * 1000);
    const due = objects || changed || idle >= settings.cycleIntervalMs || queued('password');
    if (due) {
      this.#nudged = false;
      this.#lastCycle = now;
      if (objects) this.#lastObjects = now;
      await this.#cycle(objects);
      this.#cycledUsn = usn;
      if (!this.#connect.staging) await this.#heartbeat.beat();
    }
    if (!this.#connect.staging) await this.#compare();
  }

  /** Compares as often as heads are sent, after the first complete cycle. The connector whose turn it is compares for the whole forest. */
  async #compare(): Promise<void> {
    if (this.#cycledUsn === undefined || !this.#forest.isDue) return;
    if (await this.#forest.compare(this.#connector)) this.#forest.wake();
  }

  async #cycle(objects: boolean): Promise<void> {
    const initial = objects && this.#connector.nextPolicy === 'Initial';
    try {
      const summary = await this.#connector.cycle({ objects, initial });
      if (initial) this.#connector.nextPolicy = 'Delta';
      if (summary.imported + summary.upserted + summary.deleted + summary.slices + summary.passwords.sent > 0)
        this.#connector.context.log.info(summary, 'cycle');
    } catch (error) {
      // Somebody stopped the cycle, so the next one runs when it is due, not at once.
      if (!(error instanceof CausewayError) || error.code !== 'cycle-stopped') throw error;
    }
  }

  async #fullPass(): Promise<void> {
    const { store } = this.#connector.context;
    const pass = store.passes.open();
    if (pass === undefined || pass.readAt !== null || !store.settings.passwordSync) return;
    const waits = store.cursors.get('dirsync-cookie') === undefined;
    if (waits && !this.#waits) this.#tellWait();
    this.#waits = waits;
    if (waits) return;
    await this.#connector.fullPass();
    this.nudge();
  }

  #waits = false;

  #tellWait(): void {
    const { store, connector } = this.#connector.context;
    const text = `Full password hash synchronization waits for the first full import of forest: ${connector.forest}`;
    store.events.add('waitingForFullImport', connector.name, text);
  }

  /** Adds an event for each new failure. */
  #tell(text: string, error: unknown): void {
    const { store, connector } = this.#connector.context;
    const ofController = error instanceof CausewayError && error.code.startsWith('domain-controller-');
    const denied = error instanceof CausewayError && error.code === 'access-denied';
    const event = ofController ? 'domainControllerFailed' : denied ? 'accessDenied' : 'channelFailed';
    store.events.add(event, connector.name, `synchronization failed for ${connector.forest}: ${text}`);
  }
}
