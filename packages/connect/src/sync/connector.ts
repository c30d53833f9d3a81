import type { CycleSummary, DomainReachability } from '@causeway/contract';
import { highestCommittedUSN } from '@causeway/ldap';
import { bestEffort, CausewayError, describeError, explainError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { DomainController } from '../domain-controller/domain-controller.ts';
import { chosenController, Failover } from '../domain-controller/failover.ts';
import { concludeRestore, noteRestore } from '../domain-controller/note-restore.ts';
import { holdWithdrawals } from '../objects/hold-withdrawals.ts';
import { importAll } from '../objects/import-all.ts';
import { askForProfiles } from '../objects/profile/whole-profiles.ts';
import { fullPassStep } from '../passwords/full-pass-step.ts';
import { isSwitchedOn, type PasswordChannel } from '../passwords/password-channel.ts';
import { lastPasswordCycle, PasswordCycle, type PasswordCycleTimes } from '../passwords/password-cycle.ts';
import { singleStep } from '../passwords/password-step.ts';
import { startChannel, switchPasswords } from '../passwords/password-switch.ts';
import type { PasswordSummary } from '../passwords/process-users.ts';
import { UsersInFlight } from '../passwords/users-in-flight.ts';
import type { RunKind } from '../runs/run.ts';
import type { PassRequest } from '../store/full-passes.ts';
import { beginAnew, EVERYTHING, readOverride } from './connector-override.ts';
import { Exporting } from './exporting.ts';
import { Mutex } from './mutex.ts';
import { NO_OBJECTS, type ObjectSummary } from './object-summary.ts';

export interface CycleOptions {
  /** False: passwords only. */
  objects?: boolean;
  /** Everything is imported and synchronized again. */
  initial?: boolean;
}

export function cycleStopped(connector: string): CausewayError {
  const text = `the cycle of '${connector}' was stopped: what is left is done by the next one`;
  return new CausewayError('cycle-stopped', text);
}

/** Carries one domain's changes to the tenant: objects first, then passwords. */
export class Connector {
  readonly context: ConnectorContext;
  readonly controller: DomainController;
  readonly #failover: Failover;
  readonly channel: PasswordChannel;
  readonly #exporting: Exporting;
  readonly #cycles = new Mutex();
  #busy: 'import' | 'export' | undefined;
  #stop: AbortController | undefined;

  constructor(context: ConnectorContext) {
    this.context = context;
    this.controller = new DomainController({ ...context, connector: chosenController(context) });
    this.#failover = new Failover(context, this.controller, work => this.#cycles.run(work));
    this.#exporting = new Exporting(context);
    const { controller } = this;
    this.channel = { context, controller, inFlight: new UsersInFlight(), pace: undefined };
  }

  get name(): string {
    return this.context.connector.name;
  }

  /** As configured, or derived from the domain's name ([MS-ADTS] 3.1.1.1.5) without asking the domain controller. */
  get namingContext(): string {
    const { connector, scope } = this.context;
    return (
      connector.namingContext ??
      scope.domain
        .split('.')
        .map(label => `DC=${label}`)
        .join(',')
    );
  }

  /** What is happening with objects at the moment. */
  get busy(): 'import' | 'export' | undefined {
    return this.#busy;
  }

  /** The kind of the next automatic cycle. */
  get nextPolicy(): 'Delta' | 'Initial' {
    return this.context.store.cursors.get('next-policy') === 'Initial' ? 'Initial' : 'Delta';
  }

  set nextPolicy(policy: 'Delta' | 'Initial') {
    this.context.store.cursors.set('next-policy', policy === 'Initial' ? policy : undefined);
  }

  /** The speed of a forced full pass while it reads. */
  get pace(): PasswordChannel['pace'] {
    return this.channel.pace;
  }

  /**
   * Runs import, export, passwords, retries and owed passwords, one cycle at a time.
   * @throws CausewayError 'cycle-stopped' if somebody stopped the objects' part; the passwords have then had their turn
   */
  async cycle(options: CycleOptions = {}): Promise<CycleSummary> {
    await this.#failover.ready(() => this.#poll());
    return this.#cycles.run(async () => {
      try {
        return await this.#cycle(options);
      } catch (cause) {
        if (cause instanceof CausewayError && cause.code === 'cycle-stopped') throw cause;
        throw await this.failed(cause, options.objects === false ? 'passwords' : 'import');
      }
    });
  }

  async #cycle(options: CycleOptions): Promise<CycleSummary> {
    const { store, connector } = this.context;
    const began = store.clock.monotonic();
    const namingContext = await this.controller.namingContext();
    const { objects = true } = options;
    const done = objects ? await this.#objects(namingContext, options) : NO_OBJECTS;
    const passwords = await this.#passwords(namingContext);
    concludeRestore(this.context);
    this.#lastError = undefined;
    store.cursors.set('last-error', undefined);
    if (done === undefined) throw cycleStopped(connector.name);
    const milliseconds = Math.round(store.clock.monotonic() - began);
    return { connector: connector.name, ...done, passwords, milliseconds };
  }

  /** @returns undefined if it was stopped at a safe point */
  async #objects(namingContext: string, options: CycleOptions): Promise<ObjectSummary | undefined> {
    const { store, connector } = this.context;
    const stop = new AbortController();
    const { signal } = stop;
    this.#stop = stop;
    try {
      beginAnew(this.context, options.initial ? EVERYTHING : readOverride(store));
      this.#busy = 'import';
      await askForProfiles(this.context);
      const imported = await importAll(this.context, () => this.controller.ldap(), namingContext, signal);
      this.#busy = 'export';
      const exported = await this.#exporting.run(signal);
      store.runs.transaction(() => store.cursors.set('last-object-cycle-at', store.db.timestamp()));
      return { ...imported, ...exported };
    } catch (error) {
      if (error !== signal.reason) throw error;
      store.runs.conclude(cycleStopped(connector.name));
      store.events.add('cycleStopped', connector.name, `the cycle of '${connector.name}' was stopped`);
      return undefined;
    } finally {
      this.#busy = undefined;
      this.#stop = undefined;
    }
  }

  async #passwords(namingContext: string): Promise<PasswordSummary> {
    if (!this.context.staging) holdWithdrawals(this.context);
    if (!isSwitchedOn(this.channel)) return { read: 0, sent: 0 };
    if (!this.#exporting.hasAsked) await this.#exporting.ask(); // objects may be switched off
    const cycle = new PasswordCycle(this.context.store);
    this.#passwordCycle = cycle;
    try {
      return await cycle.run(this.channel, namingContext);
    } finally {
      this.#passwordCycle = undefined;
    }
  }

  #passwordCycle: PasswordCycle | undefined;

  /** The last password cycle, or the one in progress. */
  passwordCycle(): PasswordCycleTimes {
    return this.#passwordCycle?.times ?? lastPasswordCycle(this.context.store);
  }

  /** Ends the objects' part of a cycle at its next safe point and waits for that. @returns false if there was none */
  async stopCycle(): Promise<boolean> {
    if (this.#stop === undefined) return false;
    this.#stop.abort();
    await this.#cycles.run(async () => {});
    return true;
  }

  /** The password channel's switch. @returns the full pass that it starts with, if one was requested */
  setPasswordSync(enabled: boolean): Promise<PassRequest | undefined> {
    return switchPasswords(this.channel, enabled);
  }

  /** Call it at each start of the service. */
  startChannel(): PassRequest | undefined {
    return startChannel(this.context.store);
  }

  /** Whether the domain controller answers and accepts the account, tried on a separate connection. */
  async reachability(): Promise<DomainReachability> {
    const fullName = this.context.scope.domain;
    try {
      await this.controller.reach();
      return { fullName, isReachable: true, exceptionMessage: null };
    } catch (error) {
      return { fullName, isReachable: false, exceptionMessage: describeError(error) };
    }
  }

  /** The rights that the account lacks, and how to grant them; undefined if it lacks none. */
  missingRights(): Promise<string | undefined> {
    return this.controller.missingRights();
  }

  get isCycling(): boolean {
    return !this.#cycles.isFree;
  }

  /** Does the work while no cycle runs. */
  betweenCycles<T>(work: () => Promise<T>): Promise<T> {
    return this.#cycles.run(work);
  }

  /** Reads one user's password from the domain controller and sends it now. */
  async syncPassword(guid: string): Promise<PasswordSummary> {
    try {
      return await singleStep(this.channel, guid);
    } catch (cause) {
      const error = await this.controller.explain(cause);
      if (!(cause instanceof CausewayError)) await this.controller.drop();
      throw error;
    }
  }

  /** Runs the forced full pass if one was requested: in parallel with cycles, not within them. */
  async fullPass(): Promise<void> {
    try {
      await fullPassStep(this.channel, await this.controller.namingContext());
    } catch (cause) {
      throw await this.failed(cause, 'passwords');
    }
  }

  /**
   * Asks the domain controller for its highest USN. If it went back, or another database has the name, the domain controller was restored:
   * then all cookies are dropped.
   */
  async poll(): Promise<bigint> {
    await this.#failover.ready();
    try {
      return await this.#poll();
    } catch (cause) {
      this.#failover.suspect();
      throw await this.#noted(cause, 'import');
    }
  }

  async #poll(): Promise<bigint> {
    const { store } = this.context;
    const { connection, fresh } = await this.controller.poll();
    const usn = await highestCommittedUSN(connection);
    const invocationId = fresh
      ? await this.controller.invocationId(connection)
      : store.cursors.get('invocation-id');
    noteRestore({ store, connector: this.controller.connector }, usn, invocationId);
    return usn;
  }

  async close(): Promise<void> {
    await this.controller.close();
  }

  /**
   * Handles a failed request to the domain controller.
   * @param run the kind of the run that could not even start, if no run stopped
   * @returns the error in words
   */
  async failed(cause: unknown, run?: RunKind): Promise<unknown> {
    const error = await this.#noted(cause, run);
    if (error instanceof CausewayError && error.code.startsWith('domain-controller-'))
      this.#failover.suspect();
    await this.controller.drop();
    return error;
  }

  /** Puts the error into words, which status shows until a cycle succeeds. */
  async #noted(cause: unknown, run: RunKind | undefined): Promise<unknown> {
    const error = await this.controller.explain(cause);
    const text = explainError(error);
    const { cursors, runs } = this.context.store;
    this.#lastError = text;
    runs.conclude(error, run);
    bestEffort(() => runs.transaction(() => cursors.set('last-error', text)));
    return error;
  }

  #lastError: string | undefined;

  /** The error of the last cycle or poll, with what to do below it; null if it succeeded. Also kept in memory, in case it could not be stored. */
  get lastError(): string | null {
    return this.#lastError ?? this.context.store.cursors.get('last-error') ?? null;
  }
}
