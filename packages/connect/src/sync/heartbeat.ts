import { describeError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { type LastCycles, lastCycles } from '../store/comparing/last-cycles.ts';
import { connectorCounts } from './connector-counts.ts';

const EVERY_MS = 10_000;
/** The original writes 653 and 654 every 30 minutes if nothing happens. */
const EVENT_EVERY_MS = 30 * 60_000;

/** Reports the state of a connector's forest to the tenant: when its numbers change, otherwise every ten seconds. */
export class Heartbeat {
  readonly #context: ConnectorContext;
  readonly #arrived: () => void;
  #last = 0;
  #lastEvent = 0;
  #lastCounts = '';

  /** @param arrived called when the tenant has accepted one */
  constructor(context: ConnectorContext, arrived: () => void) {
    this.#context = context;
    this.#arrived = arrived;
  }

  /** Sends a heartbeat if due. One that fails only causes an event. */
  async beat(): Promise<void> {
    const { store, connector, tenant, domains } = this.#context;
    const ofEach = domains.map(domain => connectorCounts(domain.store));
    const sum = (what: 'queued' | 'owed' | 'quarantined') =>
      ofEach.reduce((all, each) => all + each[what], 0);
    const [queued, owed, quarantined] = [sum('queued'), sum('owed'), sum('quarantined')];
    const counts = JSON.stringify({ queued, owed, quarantined });
    const now = store.clock.now();
    if (counts === this.#lastCounts && now - this.#last < EVERY_MS) return;
    const said = now - this.#lastEvent >= EVENT_EVERY_MS;
    const say = (event: 'pingStart' | 'pingEnd', text: string) =>
      said && store.events.add(event, connector.name, text);
    say('pingStart', 'Provision credentials ping start.');
    try {
      await tenant.reportStatus({
        forest: connector.forest,
        lastObjectCycleAt: earliest(domains, 'objects'),
        lastPasswordCycleAt: earliest(domains, 'passwords'),
        queued,
        owed,
        quarantined,
      });
      this.#last = now;
      this.#lastCounts = counts;
      this.#arrived();
      say('pingEnd', 'Provision credentials ping end.');
      if (said) this.#lastEvent = now;
    } catch (error) {
      const text = `Provision credentials ping failed: ${describeError(error)}`;
      store.events.add('pingFailed', connector.name, text);
    }
  }
}

/** When the domain read longest ago was read; null if one never was. */
function earliest(domains: readonly ConnectorContext[], what: keyof LastCycles): string | null {
  const times = domains.map(({ store }) => lastCycles(store)[what] ?? '');
  return times.sort()[0] || null;
}
