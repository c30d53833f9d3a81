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
/** The retry queue alone starts no cycle more often than this. */
const QUEUE_PAUSE_MS = 2_000;

/**
 * Keeps one connector going: asks the domain controller four times a second whether anything changed, runs a cycle when it did and
 * at least every two minutes, carries out forced passes beside that. A failure is told, waited out and tried again.
 */
export class ConnectorService implements Service {
  readonly name: string;
  readonly #connector: Connector;
  readonly #connect: Connect;
  readonly #forest: Forest;
  readonly #heartbeat: Heartbeat;
  readonly #bells = { cycles: new Bell(), passes: new Bell() };
  /** Of both: a domain controller that is not there is told once. */
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

  /** Something was asked for: the next cycle begins now. */
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

  /** What failed is made good by a cycle, not only when something changes. */
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

  /** Objects run as the scheduler says; passwords have a rhythm of their own, as in the original, and run also when it is off. */
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

  /** As often as heads go, from the first cycle on that is through; for the forest whoever of its connectors has its turn. */
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
      // Somebody stopped it: the next cycle comes when it is due, not at once.
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

  /** An event for each new failure. */
  #tell(text: string, error: unknown): void {
    const { store, connector } = this.#connector.context;
    const ofController = error instanceof CausewayError && error.code.startsWith('domain-controller-');
    const denied = error instanceof CausewayError && error.code === 'access-denied';
    const event = ofController ? 'domainControllerFailed' : denied ? 'accessDenied' : 'channelFailed';
    store.events.add(event, connector.name, `synchronization failed for ${connector.forest}: ${text}`);
  }
}
