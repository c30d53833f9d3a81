import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeOtherRuns } from '@causeway/api';
import { type CycleSummary, TENANT_CONNECTOR_ID } from '@causeway/contract';
import {
  bestEffort,
  CausewayError,
  type Clock,
  type Log,
  lockStateSoon,
  type StateLock,
} from '@causeway/service';
import type { ConnectConfiguration, ConnectorConfiguration } from '../configuration.ts';
import { type ConnectorContext, scopeOf } from '../context.ts';
import { copyStore } from '../store/copy-store.ts';
import { prunePasswordLog } from '../store/password-log.ts';
import { pruneRuns, stopOpenRuns } from '../store/runs/run-table.ts';
import { ConnectorSettings } from '../store/settings/connector-settings.ts';
import { connectorStore, openStore, type Store } from '../store/store.ts';
import { type Agent, agentTransport, readAgent, withoutKey } from '../tenant/identity.ts';
import { type SyncConfiguration, TenantClient } from '../tenant/tenant-client.ts';
import { Connector, type CycleOptions, cycleStopped } from './connector.ts';
import { Forest } from './forest.ts';

const PRUNE_EVERY_MS = 3_600_000;

interface AskedCycle {
  /** Connectors that have not started yet are skipped. */
  stopped: boolean;
  readonly ended: Promise<void>;
}

/** An open Connect with its state locked and its connectors ready. The service, its local API and the commands act on it. */
export class Connect {
  readonly configuration: ConnectConfiguration;
  readonly store: Store;
  readonly agent: Agent;
  readonly tenant: TenantClient;
  readonly connectors: readonly Connector[];
  readonly forests: readonly Forest[];
  /** The other end of every pair, with the settings of an administrator. */
  readonly tenantConnector: { readonly name: string; readonly settings: ConnectorSettings };
  readonly log: Log;
  readonly openedAt: number;
  /** It reads and decides, but neither signs nor sends; fixed when it was opened. */
  readonly staging: boolean;
  readonly #lock: StateLock;

  private constructor(
    parts: Pick<Connect, 'configuration' | 'store' | 'agent' | 'tenant' | 'log'>,
    lock: StateLock,
  ) {
    this.configuration = parts.configuration;
    this.store = parts.store;
    this.agent = parts.agent;
    this.tenant = parts.tenant;
    this.log = parts.log;
    this.openedAt = parts.store.clock.now();
    this.#lock = lock;
    const { store, agent, tenant, configuration: settings } = parts;
    tenant.onConfiguration = told => this.#hearRuns(told);
    tenant.onStanding = staging => this.#hearStanding(staging);
    this.staging = store.staging.since !== undefined;
    const name = `${agent.tenantName} - AAD`;
    if (settings.connectors.some(connector => connector.name === name)) {
      const text = `the connector '${name}' has the name of the tenant's connector: give it another one`;
      throw new CausewayError('bad-configuration', text);
    }
    this.tenantConnector = { name, settings: new ConnectorSettings(store.db, name, TENANT_CONNECTOR_ID) };
    this.connectors = settings.connectors.map(connector => new Connector(this.#contextOf(connector)));
    const byForest = Map.groupBy(this.connectors, ({ context }) => context.connector.forest);
    this.forests = Array.from(byForest.values(), connectors => new Forest(connectors));
  }

  readonly #domains = new Map<string, ConnectorContext[]>();

  #contextOf(connector: ConnectorConfiguration): ConnectorContext {
    const { configuration: settings, store, tenant, agent, staging, log } = this;
    const { name, forest } = connector;
    const names = settings.connectors.filter(each => each.forest === forest).map(each => each.name);
    const domains = this.#domains.get(forest) ?? [];
    this.#domains.set(forest, domains);
    const context = {
      ...{ domains, connector, settings, scope: scopeOf(connector) },
      ...{ store: connectorStore(store, name, names), tenant, agent, staging, log },
    };
    domains.push(context);
    return context;
  }

  /**
   * @param clock the machine's if absent
   * @throws CausewayError 'not-enrolled', or 'already-running' with the other's process id
   */
  static async open(
    configuration: ConnectConfiguration,
    log: Log,
    signal?: AbortSignal,
    clock?: Clock,
  ): Promise<Connect> {
    const agent = readAgent(configuration.stateDirectory);
    const lock = await lockStateSoon(configuration.stateDirectory);
    try {
      const tenant = new TenantClient(await agentTransport(configuration, agent), signal, clock);
      const store = openStore(configuration.stateDirectory, log, clock);
      stopOpenRuns(store.db);
      const known = store.staging.since === undefined ? agent : withoutKey(agent);
      return new Connect({ configuration, store, agent: known, tenant, log }, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * Opens a copy of the state, to decide and to show. The state itself stays as it is, and its lock may be another process', of another
   * release. The copy signs nothing and asks nobody, because the tenant would see two runs of one agent.
   * Closing it deletes the copy.
   * @throws CausewayError 'not-enrolled'
   */
  static async openCopy(configuration: ConnectConfiguration, log: Log): Promise<Connect> {
    const { stateDirectory } = configuration;
    const agent = withoutKey(readAgent(stateDirectory));
    const tenant = new TenantClient(() => Promise.reject(new Error('a copy of the state asks no tenant')));
    const folder = mkdtempSync(join(stateDirectory, 'copy-'));
    const release = () => rmSync(folder, { recursive: true, force: true });
    try {
      await copyStore(stateDirectory, folder);
      return new Connect({ configuration, store: openStore(folder, log), agent, tenant, log }, { release });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Requested cycles that have not ended. */
  readonly #asked = new Set<AskedCycle>();

  /** Whether a requested cycle is in progress, including between two connectors and during passwords. */
  get isCycleAsked(): boolean {
    return this.#asked.size > 0;
  }

  /** Runs one cycle of each connector now. Throws the first failure after each has had its turn. */
  async sync(
    options: Pick<CycleOptions, 'initial'> = {},
    connectors: readonly Connector[] = this.connectors,
  ): Promise<CycleSummary[]> {
    const ended = Promise.withResolvers<void>();
    const asked: AskedCycle = { stopped: false, ended: ended.promise };
    this.#asked.add(asked);
    const summaries: CycleSummary[] = [];
    const failures: unknown[] = [];
    for (const connector of connectors) {
      try {
        if (asked.stopped) throw cycleStopped(connector.name);
        summaries.push(await connector.cycle(options));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#asked.delete(asked);
    ended.resolve();
    if (failures.length > 0) throw failures[0];
    return summaries;
  }

  /** Ends cycles in progress at their next safe point and waits for that. @returns false if there was none */
  async stopCycles(): Promise<boolean> {
    const asked = [...this.#asked];
    for (const each of asked) each.stopped = true;
    const stopped = await Promise.all(this.connectors.map(connector => connector.stopCycle()));
    await Promise.all(asked.map(({ ended }) => ended));
    return asked.length > 0 || stopped.includes(true);
  }

  #runsTwice = false;

  /** Adds an event when another copy of this Connect appears and when it disappears. Until then the status names it. */
  #hearRuns({ otherRuns }: SyncConfiguration): void {
    if ((otherRuns !== undefined) === this.#runsTwice) return;
    this.#runsTwice = otherRuns !== undefined;
    const { events } = this.store;
    if (otherRuns) events.add('alarm', null, `ALARM: ${describeOtherRuns('Connect', otherRuns)}`);
    else events.add('alarmOver', null, 'no other copy of this Connect calls the tenant any more');
  }

  readonly #turned = new AbortController();

  /** Aborted when this Connect changed places with another one. All that it holds is then outdated, so the caller opens it again. */
  get turned(): AbortSignal {
    return this.#turned.signal;
  }

  /** Handles the tenant's decision whether this Connect stages. */
  #hearStanding(staging: boolean): void {
    if (staging === this.staging || this.turned.aborted) return;
    const { store } = this;
    if (staging) store.staging.begin();
    else store.staging.end();
    const text = staging
      ? 'this Connect stages from now on: another one took its place. It goes on reading, and neither signs nor sends anything'
      : 'this Connect is the one that writes from now on: it signs and sends everything anew';
    store.events.add('changedPlaces', null, text);
    this.#turned.abort();
  }

  #pruned = 0;

  /** Removes old events and logs once an hour, unless the scheduler's maintenance is switched off. */
  prune(): void {
    const { clock, scheduler, events, db } = this.store;
    const now = clock.now();
    if (!scheduler.maintenanceEnabled || now - this.#pruned < PRUNE_EVERY_MS) return;
    this.#pruned = now;
    events.prune(scheduler.purgeInterval);
    prunePasswordLog(db);
    pruneRuns(db, scheduler.purgeInterval);
  }

  /** Stores what is known of runs, for readers. What the disk rejects is left out. */
  storeRuns(): void {
    for (const { context } of this.connectors) bestEffort(() => context.store.runs.transaction(() => {}));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.connectors.map(connector => connector.close()));
    if (this.store.db.isOpen) this.storeRuns();
    try {
      this.store.close();
    } finally {
      this.#lock.release();
    }
  }
}
