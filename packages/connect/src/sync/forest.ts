import { isDiskError } from '@causeway/service';
import { Comparison } from '../comparison/comparison.ts';
import { DirectoryFailed } from '../comparison/look-up-strangers.ts';
import type { ConnectorContext } from '../context.ts';
import type { Connector } from './connector.ts';

/**
 * A forest and its connectors, one per domain that is read. Signing for the whole forest, comparing, and searching its directories happen
 * once for all of them: a user of one domain is no stranger to another.
 */
export class Forest {
  readonly connectors: readonly Connector[];
  readonly comparison: Comparison;
  readonly #wakers: (() => void)[] = [];
  #lastComparison = 0;
  #isComparing = false;

  /** @param connectors in the configuration's order; the first one keeps what belongs to the forest */
  constructor(connectors: readonly Connector[]) {
    this.connectors = connectors;
    this.comparison = new Comparison(connectors.map(({ channel }) => channel));
    this.#noteDomains();
  }

  /** The first connector's context, which the forest's steps use. */
  get context(): ConnectorContext {
    return this.connectors[0]!.context;
  }

  /** Drops what was counted for another set of connectors. */
  #noteDomains(): void {
    const { domains, store } = this.context;
    const names = JSON.stringify(domains.map(domain => domain.store.name));
    if (domains.every(domain => domain.store.cursors.get('domains') === names)) return;
    store.db.transaction(() => {
      store.heads.forget();
      for (const domain of domains) domain.store.cursors.set('domains', names);
    });
  }

  /** Calls this when any of the connectors has work to do. */
  onWork(wake: () => void): void {
    this.#wakers.push(wake);
  }

  wake(): void {
    for (const wake of this.#wakers) wake();
  }

  /** Whether it is time to compare again, as often as heads are sent. */
  get isDue(): boolean {
    const { settings, store } = this.context;
    return Math.abs(store.clock.now() - this.#lastComparison) >= settings.headIntervalMs;
  }

  /**
   * Compares the forest with the tenant, between two cycles of each connector. It skips its turn if one of them is in a cycle, so that none
   * waits for another.
   *
   * @param by the failure of this connector's directory is thrown; another's is noted, because its own service reports it
   * @returns whether cycles are to follow at once
   */
  async compare(by: Connector = this.connectors[0]!): Promise<boolean> {
    if (this.#isComparing || this.connectors.some(connector => connector.isCycling)) return false;
    this.#isComparing = true;
    this.#lastComparison = this.context.store.clock.now();
    try {
      // None is in a cycle, so from here on all are between two.
      const turn = this.connectors.reduce<() => Promise<boolean>>(
        (work, connector) => () => connector.betweenCycles(work),
        () => this.comparison.turn(),
      );
      return await turn();
    } catch (cause) {
      if (!(cause instanceof DirectoryFailed)) throw await by.failed(cause);
      const failing = this.connectors.find(({ name }) => name === cause.connector)!;
      const error = await failing.failed(cause.cause);
      if (failing === by || isDiskError(cause.cause)) throw error;
      return false;
    } finally {
      this.#isComparing = false;
    }
  }
}
