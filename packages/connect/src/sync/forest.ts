import { isDiskError } from '@causeway/service';
import { Comparison } from '../comparison/comparison.ts';
import { DirectoryFailed } from '../comparison/look-up-strangers.ts';
import type { ConnectorContext } from '../context.ts';
import type { Connector } from './connector.ts';

/**
 * A forest with its connectors, one for each of its domains that is read. What is signed for it as a whole, compared, and looked for in its
 * directories is one: whoever is of one domain is no stranger to another.
 */
export class Forest {
  readonly connectors: readonly Connector[];
  readonly comparison: Comparison;
  readonly #wakers: (() => void)[] = [];
  #lastComparison = 0;
  #isComparing = false;

  /** @param connectors in the order of the configuration; what the forest keeps is the first one's */
  constructor(connectors: readonly Connector[]) {
    this.connectors = connectors;
    this.comparison = new Comparison(connectors.map(({ channel }) => channel));
    this.#noteDomains();
  }

  /** That of the first connector, with which the forest's steps run. */
  get context(): ConnectorContext {
    return this.connectors[0]!.context;
  }

  /** What was counted of other connectors than these does not count. */
  #noteDomains(): void {
    const { domains, store } = this.context;
    const names = JSON.stringify(domains.map(domain => domain.store.name));
    if (domains.every(domain => domain.store.cursors.get('domains') === names)) return;
    store.db.transaction(() => {
      store.heads.forget();
      for (const domain of domains) domain.store.cursors.set('domains', names);
    });
  }

  /** Calls this when there is something to do for any of the connectors. */
  onWork(wake: () => void): void {
    this.#wakers.push(wake);
  }

  wake(): void {
    for (const wake of this.#wakers) wake();
  }

  /** Whether it is time to compare again: as often as heads go. */
  get isDue(): boolean {
    const { settings, store } = this.context;
    return Math.abs(store.clock.now() - this.#lastComparison) >= settings.headIntervalMs;
  }

  /**
   * Compares the forest with the tenant, between two cycles of each of its connectors. While one of them is in a cycle it is not the time:
   * none waits for another.
   *
   * @param by for whose directory the failure is thrown; another one's is noted, as its own service tells it
   * @returns whether cycles are to follow at once
   */
  async compare(by: Connector = this.connectors[0]!): Promise<boolean> {
    if (this.#isComparing || this.connectors.some(connector => connector.isCycling)) return false;
    this.#isComparing = true;
    this.#lastComparison = this.context.store.clock.now();
    try {
      // None is in a cycle, so all of them are between two from here on.
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
