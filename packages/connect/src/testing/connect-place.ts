import { cpSync } from 'node:fs';
import type { ComparisonPage, ConnectArrival, ConnectUserStatus, Difference } from '@causeway/contract';
import { createLog } from '@causeway/service';
import { type HandClock, watchFaultPoints } from '@causeway/service/testing';
import type { z } from 'zod';
import { compareWithTenant } from '../admin/comparison.ts';
import { type AdminHandlers, adminHandlers } from '../admin/handlers.ts';
import { approveHeld, listHeld } from '../admin/held/held.ts';
import { restoreHandlers } from '../admin/restore.ts';
import { userStatus } from '../admin/status.ts';
import { ConnectConfiguration, Scope } from '../configuration.ts';
import { arrivalOf } from '../heads/arrival.ts';
import { HeadService } from '../heads/head-service.ts';
import { trustDomain } from '../pairing/trust-domain.ts';
import { synchronizationOf } from '../run.ts';
import { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { enrolConnect, promote } from '../sync/staging.ts';
import { readAgent } from '../tenant/identity.ts';
import { type ConnectSnapshot, putBack, snapshotOf } from './connect-snapshot.ts';
import type { ScriptedForest } from './scripted-forest.ts';

/**
 * A Connect over a scripted forest. It runs like its service, one turn per call. It can be stopped, set back to an earlier day and
 * restarted. Its keys and confirmations are in files beside its database and stay.
 */
export class ConnectPlace {
  readonly #forests: readonly ScriptedForest[];
  #configuration: ConnectConfiguration;
  readonly clock: HandClock;
  readonly said: string[] = [];
  #connect: Connect | undefined;
  #heads: HeadService[] = [];
  #isNudged = false;

  /**
   * @param folder of its state
   * @param forests one per domain that it reads
   * @param scope of each of them
   */
  constructor(
    folder: string,
    url: string,
    forests: readonly ScriptedForest[],
    clock: HandClock,
    scope: z.input<typeof Scope> = {},
  ) {
    this.#forests = forests;
    this.clock = clock;
    const connectors = forests.map(({ forest, domain }) => ({
      ...{ name: domain, forest, domain, server: '127.0.0.1', caFile: '/nonexistent' },
      ...{ account: `reader@${domain}`, password: 'env:NONE', scope },
    }));
    this.#configuration = ConnectConfiguration.parse({
      ...{ stateDirectory: folder, tenant: { url }, connectors },
    });
  }

  async enrol(code: string, staging = false): Promise<void> {
    const { stateDirectory, tenant } = this.#configuration;
    await enrolConnect(stateDirectory, tenant, { code, staging });
  }

  /** Promotes it by an administrator's code and restarts it in its new role. */
  async promote(code: string): Promise<void> {
    await this.clock.during(promote(this.#open, code, 'an administrator'));
    await this.#beginAnew();
  }

  get stages(): boolean {
    return this.#open.staging;
  }

  get agentId(): string {
    return this.#open.agent.agentId;
  }

  get fingerprint(): string {
    return readAgent(this.#configuration.stateDirectory).publicKey.fingerprint;
  }

  async trustDomain(fingerprint: string): Promise<void> {
    await trustDomain(this.#open, fingerprint);
  }

  async start(): Promise<void> {
    const log = createLog('connect', { write: line => void this.said.push(line) });
    this.#connect = await Connect.open(this.#configuration, log, undefined, this.clock);
    for (const [n, { context, controller }] of this.connectors.entries())
      Object.assign(controller, await this.#forests[n]!.controllerFor(controller, context.store));
    const { forests, store, staging } = this.#connect;
    this.#heads = (staging ? [] : forests).map(
      ({ context, comparison }) =>
        new HeadService(context, store.scheduler, comparison, () => {
          this.#isNudged = true;
        }),
    );
    for (const connector of this.connectors) connector.startChannel();
  }

  /** Restarts it with another scope for each connector, as if configured. */
  async restart(scope: z.input<typeof Scope>): Promise<void> {
    await this.stop();
    const connectors = this.#configuration.connectors.map(each => ({ ...each, scope: Scope.parse(scope) }));
    this.#configuration = { ...this.#configuration, connectors };
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#connect?.close();
    this.#connect = undefined;
  }

  /** One per domain. */
  get connectors(): readonly Connector[] {
    return this.#open.connectors;
  }

  /** The first of them, usually the only one. */
  get connector(): Connector {
    return this.connectors[0]!;
  }

  get #open(): Connect {
    if (this.#connect === undefined) throw new Error('this Connect is not started');
    return this.#connect;
  }

  /** What the service does in the time of a head: a cycle, a requested full pass, a comparison, a head. */
  async turn(): Promise<void> {
    try {
      await this.clock.during(this.#turn());
    } catch (error) {
      if (!this.#open.turned.aborted) throw error; // it failed because it changed places
    }
    if (this.#open.turned.aborted) await this.#beginAnew();
  }

  async #beginAnew(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Runs a turn and kills it in between. It restarts with what was on its disk at that moment.
   * @param passes how many points between two of its steps it passes first
   * @returns the point; undefined if it passed no more points than that
   */
  async turnKilledAfter(passes: number): Promise<string | undefined> {
    let left: ConnectSnapshot;
    let killedAt: string | undefined;
    let passed = 0;
    watchFaultPoints(name => {
      if (!name.startsWith('connect.') || (killedAt === undefined && passed++ < passes)) return;
      left ??= this.snapshot();
      killedAt ??= name;
      throw new Error(`killed at ${name}`); // nothing follows, even if this is caught
    });
    try {
      await this.turn();
    } catch (error) {
      if (killedAt === undefined) throw error;
    } finally {
      watchFaultPoints(undefined);
    }
    if (killedAt === undefined) return undefined;
    await this.takeBack(left);
    await this.start();
    return killedAt;
  }

  async #turn(): Promise<void> {
    for (const connector of this.connectors) await connector.poll();
    await this.cycle();
    if (this.#open.staging) return;
    for (const work of [() => this.#compare(), () => this.#turnOfHeads()])
      if (await work()) await this.cycle();
  }

  /** Runs all its services in parallel while the clock advances. @returns a function that ends them */
  run(): () => Promise<void> {
    const ending = new AbortController();
    const running = synchronizationOf(this.#open).map(service => service.run(ending.signal));
    return async () => {
      ending.abort();
      await this.clock.during(Promise.all(running));
    };
  }

  /** The same without a cycle. */
  async compareAndSay(): Promise<void> {
    await this.#compare();
    await this.#turnOfHeads();
  }

  /** Runs a cycle of each connector, in the given order. */
  async cycle(connectors: readonly Connector[] = this.connectors): Promise<void> {
    for (const connector of connectors) {
      await connector.cycle();
      const pass = connector.context.store.passes.open();
      if (pass === undefined || pass.readAt !== null) continue;
      await connector.fullPass();
      await connector.cycle();
    }
  }

  async #compare(): Promise<boolean> {
    let follows = false;
    for (const forest of this.#open.forests) follows = (await forest.compare()) || follows;
    return follows;
  }

  async #turnOfHeads(): Promise<boolean> {
    this.#isNudged = false;
    for (const heads of this.#heads) await heads.turn();
    return this.#isNudged;
  }

  /** What the managed domain has, as `connect status` shows it. */
  arrival(): ConnectArrival {
    return arrivalOf(this.connector.context, this.#heads[0]!.startedAt);
  }

  /** How the tenant differs from what it would be sent, as `connect compare` shows it. */
  async differences(): Promise<Difference[]> {
    const differences: Difference[] = [];
    for (const { context } of this.#open.forests) {
      const { forest } = context.connector;
      let next: ComparisonPage['next'] = { kind: 'user', after: '' };
      while (next !== null) {
        const page: ComparisonPage = await this.clock.during(
          compareWithTenant(this.#open, { forest, ...next }),
        );
        differences.push(...page.differences);
        next = page.next;
      }
    }
    return differences;
  }

  /** One user, as `connect status USER` shows them. */
  status(user: string): ConnectUserStatus {
    return userStatus(this.#open, user);
  }

  /** Its admin API. */
  get api(): AdminHandlers {
    return adminHandlers(this.#open, () => {});
  }

  /** The alarms in the events, newest first. */
  alarms(): string[] {
    const events = this.connector.context.store.events.last(1000);
    return events.flatMap(({ text }) => (text.startsWith('ALARM') ? [text] : []));
  }

  /** Has an administrator look at each waiting list and approve it. @param may whether to approve; otherwise the list waits */
  approve(may: (anchors: readonly string[]) => boolean = () => true): number {
    let approved = 0;
    for (const operation of ['delete', 'create'] as const)
      for (const { digest, people } of listHeld(this.#open, operation, undefined)) {
        if (!may(people.map(({ sourceAnchor }) => sourceAnchor))) continue;
        approved += approveHeld(this.#open, digest, operation, 'an administrator').count;
      }
    return approved;
  }

  /** Has an administrator accept that the whole forest was restored. */
  async acceptRestore(): Promise<void> {
    const { name, controller } = this.connector;
    const body = { server: controller.connector.server };
    const handlers = restoreHandlers(this.#open, () => {});
    await handlers.acceptRestore({ params: { name }, query: undefined, body }, 'an administrator');
  }

  /** Copies the machine with its keys, so that the copy can run in parallel. @param folder of the copy's state */
  copyTo(folder: string): ConnectPlace {
    const { stateDirectory, tenant } = this.#configuration;
    cpSync(stateDirectory, folder, { recursive: true });
    const { scope } = this.#configuration.connectors[0]!;
    return new ConnectPlace(folder, tenant.url, this.#forests, this.clock, scope);
  }

  snapshot(): ConnectSnapshot {
    return snapshotOf(this.#configuration.stateDirectory);
  }

  /** Stops it and puts an earlier snapshot in place of its database. */
  async takeBack(snapshot: ConnectSnapshot): Promise<void> {
    await this.stop();
    putBack(this.#configuration.stateDirectory, snapshot);
  }
}
