import type { LdapConnection } from '@causeway/ldap';
import { highestCommittedUSN } from '@causeway/ldap';
import { describeError } from '@causeway/service';
import type { ConnectorContext } from './context.ts';
import { DomainController } from './domain-controller.ts';
import { Mutex } from './mutex.ts';
import { type ExportSummary, exportStep } from './objects/export-step.ts';
import { type ImportSummary, importStep } from './objects/import-step.ts';
import { completePass, fullPassStep } from './passwords/full-pass-step.ts';
import { owedStep, type PasswordChannel, passwordStep, retryStep } from './passwords/password-step.ts';
import type { PasswordSummary } from './passwords/process-users.ts';
import { EventId } from './store/events.ts';

export interface CycleSummary extends ImportSummary, ExportSummary {
  connector: string;
  passwords: PasswordSummary;
  milliseconds: number;
}

/** One forest's way to the tenant: objects first, then passwords. */
export class Connector {
  readonly context: ConnectorContext;
  readonly #controller: DomainController;
  readonly #channel: PasswordChannel;
  readonly #cycles = new Mutex();

  constructor(context: ConnectorContext) {
    this.context = context;
    this.#controller = new DomainController(context.connector, context.settings.timeoutMs);
    this.#channel = { context, controller: this.#controller, users: new Mutex() };
  }

  /** Import, export, passwords, retries, those who are owed; one cycle at a time. */
  cycle(allowDeletes: number = 0): Promise<CycleSummary> {
    return this.#cycles.run(async () => {
      try {
        return await this.#cycle(allowDeletes);
      } catch (cause) {
        throw await this.#failed(cause);
      }
    });
  }

  async #cycle(allowDeletes: number): Promise<CycleSummary> {
    const began = performance.now();
    const { store, connector } = this.context;
    const namingContext = await this.#controller.namingContext();
    const imported = await importStep(this.context, await this.#controller.ldap(), namingContext);
    const exported = await exportStep(this.context, allowDeletes);
    store.cursors.set('last-object-cycle-at', new Date().toISOString());
    const passwords = await passwordStep(this.#channel, namingContext);
    for (const step of [retryStep, owedStep]) {
      const done = await step(this.#channel);
      passwords.read += done.read;
      passwords.sent += done.sent;
    }
    await completePass(this.#channel);
    store.cursors.set('last-password-cycle-at', new Date().toISOString());
    store.cursors.set('last-error', undefined);
    const milliseconds = Math.round(performance.now() - began);
    return { connector: connector.name, ...imported, ...exported, passwords, milliseconds };
  }

  /** The forced full pass, when one is asked for. Beside the cycles, not within them. */
  async fullPass(): Promise<void> {
    try {
      await fullPassStep(this.#channel, await this.#controller.namingContext());
    } catch (cause) {
      throw await this.#failed(cause);
    }
  }

  /**
   * Asks the domain controller for its highest USN. One that went back, or another database behind the name, means that the
   * domain controller was restored: all cookies are dropped.
   */
  async poll(): Promise<bigint> {
    try {
      const { connection, fresh } = await this.#controller.poll();
      const usn = await highestCommittedUSN(connection);
      await this.#noteRestore(connection, fresh, usn);
      return usn;
    } catch (cause) {
      throw await this.#noted(cause);
    }
  }

  async #noteRestore(connection: LdapConnection, fresh: boolean, usn: bigint): Promise<void> {
    const { store, connector } = this.context;
    const last = store.cursors.get('usn');
    const known = store.cursors.get('invocation-id');
    const invocationId = fresh ? await this.#controller.invocationId(connection) : known;
    const reason = whyRestored({ usn: last, invocationId: known }, { usn, invocationId });
    if (reason === undefined && last === String(usn) && invocationId === known) return;
    store.db.transaction(() => {
      if (reason !== undefined) {
        store.cursors.set('dirsync-cookie', undefined);
        store.cursors.set('replication-cookie', undefined);
        const text = `full cycle: ${connector.server} was restored or replaced (${reason}); the watermark is dropped`;
        store.events.add(EventId.fullCycle, 'warn', connector.name, text);
      }
      store.cursors.set('usn', String(usn));
      store.cursors.set('invocation-id', invocationId);
    });
  }

  async close(): Promise<void> {
    await this.#controller.close();
  }

  async #failed(cause: unknown): Promise<unknown> {
    const error = await this.#noted(cause);
    await this.#controller.drop();
    return error;
  }

  /** The error in words, which status shows until a cycle is through. */
  async #noted(cause: unknown): Promise<unknown> {
    const error = await this.#controller.explain(cause);
    this.context.store.cursors.set('last-error', describeError(error));
    return error;
  }
}

/** Why what a domain controller says of itself means that it was restored; undefined: it does not. */
export function whyRestored(
  before: { usn: string | undefined; invocationId: string | undefined },
  now: { usn: bigint; invocationId: string | undefined },
): string | undefined {
  if (before.invocationId !== undefined && before.invocationId !== now.invocationId)
    return `its database is another one: invocation id ${now.invocationId}, before ${before.invocationId}`;
  if (before.usn !== undefined && now.usn < BigInt(before.usn))
    return `its highest USN went back from ${before.usn} to ${now.usn}`;
  return undefined;
}
