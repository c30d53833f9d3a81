import {
  covers,
  moveImportCookie,
  moveReplicationCookie,
  type ReplicationCookie,
  readUpToDateVector,
  type UpToDateVector,
} from '@causeway/active-directory';
import type { ControllerInUse } from '@causeway/contract';
import { describeError } from '@causeway/service';
import type { ConnectorConfiguration } from '../configuration.ts';
import type { ConnectorContext } from '../context.ts';
import type { ConnectorStore } from '../store/store.ts';
import { controllersOf, hasSeveral } from './controllers-of.ts';
import { DomainController } from './domain-controller.ts';
import { lagOf, readVector } from './lag.ts';

/** How long a domain controller that is only looked at may keep us waiting. */
const LOOK_PATIENCE_MS = 5_000;
/** How often a preferred one is looked at while another one is read. */
const LOOK_EVERY_MS = 10_000;

/** Which domain controller is read, and why it is not the preferred one, or is it again. */
export interface ControllerChoice {
  server: string;
  /** ISO 8601. */
  since: string;
  reason: string;
}

export function choiceOf({ cursors }: Pick<ConnectorStore, 'cursors'>): ControllerChoice | undefined {
  const stored = cursors.get('domain-controller');
  return stored === undefined ? undefined : (JSON.parse(stored) as ControllerChoice);
}

/** The one that was read last, or the preferred one. */
export function chosenController({ connector, store }: Pick<ConnectorContext, 'connector' | 'store'>) {
  const all = controllersOf(connector);
  return all.find(({ server }) => server === choiceOf(store)?.server) ?? all[0];
}

/** How a connector of several domain controllers stands with them; undefined where it has one. */
export function controllerInUse(
  context: Pick<ConnectorContext, 'connector' | 'store'>,
  { server }: ConnectorConfiguration,
): ControllerInUse | undefined {
  const { connector, store } = context;
  if (!hasSeveral(connector)) return undefined;
  const choice = choiceOf(store);
  const { since, reason } = choice?.server === server ? choice : { since: null, reason: null };
  return { server, preferred: connector.server, since, reason, lagsSince: lagOf(context)?.since ?? null };
}

/** A domain controller that was looked at: of use, with what it knows, or why not. */
type Looked = { entry: ConnectorConfiguration } & (
  | { usable: true; invocationId: string; vector: UpToDateVector }
  | { usable: false; reason: string }
);
type Usable = Extract<Looked, { usable: true }>;

/**
 * Moves a connector from a domain controller that fails to another one, and back to a preferred one that has all that was read. Does
 * nothing where there is only one.
 */
export class Failover {
  readonly #context: ConnectorContext;
  readonly #controller: DomainController;
  readonly #betweenCycles: (work: () => Promise<void>) => Promise<void>;
  #suspected = false;
  #looking: Promise<void> | undefined;
  #lookedAt = 0;
  #preferred: Usable | undefined;

  /** @param betweenCycles does something while no cycle runs */
  constructor(
    context: ConnectorContext,
    controller: DomainController,
    betweenCycles: (work: () => Promise<void>) => Promise<void>,
  ) {
    this.#context = context;
    this.#controller = controller;
    this.#betweenCycles = betweenCycles;
  }

  /** A poll or a cycle failed by the domain controller: the next `ready` finds out whether another one does better. */
  suspect(): void {
    this.#suspected = true;
  }

  /**
   * Before a poll or a cycle: where the domain controller is suspected, or is asked and does not answer, another one is read from here
   * on. Where a preferred one is good again, that one.
   */
  async ready(ask: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    if (!hasSeveral(this.#context.connector)) return;
    await this.#comeBack(this.#context.store.clock.now());
    if (!this.#suspected) await ask().catch(() => this.suspect());
    if (this.#suspected) await this.#leave();
  }

  async #leave(): Promise<void> {
    const { connector, store } = this.#context;
    this.#suspected = false;
    const current = this.#controller.connector.server;
    const looked = await Promise.all(controllersOf(connector).map(entry => this.#look(entry)));
    const own = looked.find(({ entry }) => entry.server === current)!;
    if (own.usable) return;
    const usable = looked.filter(one => one.usable);
    const known = readVector(store);
    const next = usable.find(({ vector }) => covers(vector, known)) ?? usable[0];
    if (next === undefined) return;
    await this.#controller.drop(); // a cycle that waits for an answer need not wait any longer
    await this.#move(next, own.reason, 'warn');
  }

  /** Looks after the preferred ones, beside everything else; moves back when one was found to know all that was read. */
  async #comeBack(now: number): Promise<void> {
    const all = controllersOf(this.#context.connector);
    const preferred = all.slice(
      0,
      all.findIndex(({ server }) => server === this.#controller.connector.server),
    );
    if (preferred.length === 0) return;
    const found = this.#preferred;
    this.#preferred = undefined;
    if (found && covers(found.vector, readVector(this.#context.store))) {
      await this.#move(found, 'it is preferred, answers again and has all that was read', 'info');
      return;
    }
    if (this.#looking !== undefined || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.#looking = this.#findPreferred(preferred)
      .catch(() => {}) // they are looked at again
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #findPreferred(preferred: readonly ConnectorConfiguration[]): Promise<void> {
    const looked = await Promise.all(preferred.map(entry => this.#look(entry)));
    const known = readVector(this.#context.store);
    this.#preferred = looked.filter(one => one.usable).find(({ vector }) => covers(vector, known));
  }

  /** Whether it serves the right directory, takes the account, and replicates. */
  async #look(entry: ConnectorConfiguration): Promise<Looked> {
    const { settings, store } = this.#context;
    const timeoutMs = Math.min(settings.timeoutMs, LOOK_PATIENCE_MS);
    const looking = new DomainController({
      connector: entry,
      settings: { ...settings, timeoutMs },
      store,
    });
    try {
      const namingContext = await looking.namingContext();
      const found = await readUpToDateVector(await looking.ldap(), namingContext);
      if (store.settings.passwordSync) await looking.replication();
      return { entry, usable: true, ...found };
    } catch (error) {
      return { entry, usable: false, reason: describeError(await looking.explain(error)) };
    } finally {
      await looking.close();
    }
  }

  /** Between cycles, because a cycle stores at its end how far its own domain controller is. */
  #move(to: Usable, why: string, level: 'info' | 'warn'): Promise<void> {
    return this.#betweenCycles(async () => {
      if (this.#controller.connector.server === to.entry.server) return;
      await this.#controller.use(to.entry);
      this.#noteMove(to, why.split('\n')[0]!, level);
    });
  }

  /** The cookies go along: the vectors in them keep the other domain controller from sending what is known. */
  #noteMove({ entry, invocationId }: Usable, reason: string, level: 'info' | 'warn'): void {
    const { store, connector } = this.#context;
    const { server } = entry;
    store.db.transaction(() => {
      const objects = store.cursors.get('dirsync-cookie');
      if (objects !== undefined) store.cursors.set('dirsync-cookie', moveImportCookie(objects, invocationId));
      const passwords = store.cursors.get('replication-cookie');
      if (passwords !== undefined) {
        const moved = moveReplicationCookie(JSON.parse(passwords) as ReplicationCookie, invocationId);
        store.cursors.set('replication-cookie', JSON.stringify(moved));
      }
      store.cursors.set('usn', undefined);
      store.cursors.set('invocation-id', invocationId);
      const choice: ControllerChoice = { server, since: store.db.timestamp(), reason };
      store.cursors.set('domain-controller', JSON.stringify(choice));
      const text = `the domain controller '${server}' of connector '${connector.name}' is read from now on: ${reason}`;
      store.events.add(
        level === 'warn' ? 'domainControllerLost' : 'domainControllerBack',
        connector.name,
        text,
      );
    });
  }
}
