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

/** How long to wait for a domain controller that is only being checked. */
const LOOK_PATIENCE_MS = 5_000;
/** How often to check the preferred ones while another one is read. */
const LOOK_EVERY_MS = 10_000;

/** Which domain controller Connect reads, and why it moved to it. */
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

/** The domain controller that was read last, or the preferred one. */
export function chosenController({ connector, store }: Pick<ConnectorContext, 'connector' | 'store'>) {
  const all = controllersOf(connector);
  return all.find(({ server }) => server === choiceOf(store)?.server) ?? all[0];
}

/** The status of a connector's domain controllers. Undefined if it has only one. */
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

/** The result of a check: usable, with what the domain controller knows, or why it is not. */
type Looked = { entry: ConnectorConfiguration } & (
  | { usable: true; invocationId: string; vector: UpToDateVector }
  | { usable: false; reason: string }
);
type Usable = Extract<Looked, { usable: true }>;

/**
 * Moves a connector from a domain controller that fails to another one, and back to a preferred one once that has everything that was
 * read. Does nothing if there is only one.
 */
export class Failover {
  readonly #context: ConnectorContext;
  readonly #controller: DomainController;
  readonly #betweenCycles: (work: () => Promise<void>) => Promise<void>;
  #suspected = false;
  #looking: Promise<void> | undefined;
  #lookedAt = 0;
  #preferred: Usable | undefined;

  /** @param betweenCycles runs work while no cycle runs */
  constructor(
    context: ConnectorContext,
    controller: DomainController,
    betweenCycles: (work: () => Promise<void>) => Promise<void>,
  ) {
    this.#context = context;
    this.#controller = controller;
    this.#betweenCycles = betweenCycles;
  }

  /** Notes that the domain controller failed a poll or a cycle. The next `ready` checks whether another one is better. */
  suspect(): void {
    this.#suspected = true;
  }

  /**
   * Call it before a poll or a cycle. Moves to another domain controller if the current one is suspected, or does not answer `ask`.
   * Moves back if a preferred one is usable again.
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
    await this.#controller.drop(); // ends the wait of a cycle for an answer
    await this.#move(next, own.reason, 'warn');
  }

  /** Checks the preferred ones in the background, and moves back to one that knows everything that was read. */
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
      .catch(() => {}) // they are checked again
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #findPreferred(preferred: readonly ConnectorConfiguration[]): Promise<void> {
    const looked = await Promise.all(preferred.map(entry => this.#look(entry)));
    const known = readVector(this.#context.store);
    this.#preferred = looked.filter(one => one.usable).find(({ vector }) => covers(vector, known));
  }

  /** Checks whether it serves the right directory, accepts the account, and replicates. */
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

  /** Runs between cycles, because a cycle stores the position in its own domain controller at its end. */
  #move(to: Usable, why: string, level: 'info' | 'warn'): Promise<void> {
    return this.#betweenCycles(async () => {
      if (this.#controller.connector.server === to.entry.server) return;
      await this.#controller.use(to.entry);
      this.#noteMove(to, why.split('\n')[0]!, level);
    });
  }

  /** Keeps the cookies: because of the vectors in them, the other domain controller does not resend what is known. */
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
