import type { Lie } from '../peers/recording-proxy.ts';

interface Item {
  forest: string | null;
  sourceAnchor: string;
}

/** What it withholds: changes of some people, for whom it shows the former state, or what agents say of each other. */
export type Withheld = { readonly people: ReadonlySet<string> } | 'heads' | 'receipts';

/**
 * A tenant that somebody broke into. It sits between the agents and its honest half, remembers what it showed of each user, and from some
 * moment on replays that. It can also tell Connect that nothing differs.
 */
export class HostileTenant {
  withheld: Withheld | undefined;
  #deceives = false;
  readonly #shown = new Map<string, Item>();
  /** The last honest answers, by method and path. */
  readonly #answers = new Map<string, unknown>();

  /** @param between the hook between the agents and the honest half */
  constructor(between: { lie: Lie | undefined }) {
    between.lie = (method, path, answer) => this.#relay(method, path, answer);
  }

  /** @param deceives tells Connect that the tenant has everything that Connect sent */
  begin(withheld: Withheld, deceives: boolean): void {
    this.withheld = withheld;
    this.#deceives = deceives;
  }

  #relay(method: string, path: string, answer: unknown): unknown {
    const route = path.split('?')[0]!;
    if (answer === null || typeof answer !== 'object' || 'error' in answer) return undefined;
    if (route === '/api/v1/domain/changes') return this.#relayFeed(answer as { items: Item[] });
    if (route === '/api/v1/sync/compare' && this.#deceives) return { ...answer, differing: [] };
    const isOld =
      (route === '/api/v1/domain/heads' && this.withheld === 'heads') ||
      (route === '/api/v1/sync/head' && this.withheld === 'receipts');
    if (isOld) return this.#answers.get(`${method} ${route}`);
    this.#answers.set(`${method} ${route}`, answer);
    return undefined;
  }

  #relayFeed(page: { items: Item[] }): unknown {
    const { withheld } = this;
    const people = typeof withheld === 'object' ? withheld.people : new Set<string>();
    const items = page.items.flatMap(item => {
      if (!people.has(item.sourceAnchor)) {
        this.#shown.set(item.sourceAnchor, item);
        return [item];
      }
      const before = this.#shown.get(item.sourceAnchor);
      return before ? [before] : [];
    });
    return { ...page, items };
  }
}
