import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { type ExportSummary, exportStep } from '../objects/export-step.ts';
import { NO_EXPORT } from './object-summary.ts';

/**
 * The export of a connector's cycles.
 *
 * INVARIANT: a Connect that stages exports nothing. It asks in each cycle whether it still stages. The Connect that writes asks before it
 * first signs anything, passwords included, because it may have been demoted while it was off.
 */
export class Exporting {
  readonly #context: ConnectorContext;
  #hasAsked = false;

  constructor(context: ConnectorContext) {
    this.#context = context;
  }

  /** @throws CausewayError 'changed-places' */
  async ask(): Promise<void> {
    const { tenant, store, staging } = this.#context;
    await tenant.askStanding();
    this.#hasAsked = true;
    if (staging !== (store.staging.since !== undefined)) throw changedPlaces(store.name);
  }

  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  /**
   * @param signal ends it between two batches
   * @throws CausewayError 'changed-places'
   */
  async run(signal: AbortSignal): Promise<ExportSummary> {
    const { store, staging } = this.#context;
    if (staging || !this.#hasAsked) await this.ask();
    if (!staging) return exportStep(this.#context, signal);
    for (const space of [store.space, store.groups]) space.removeForgotten();
    return NO_EXPORT;
  }
}

function changedPlaces(connector: string): CausewayError {
  const text = `this Connect changed places with another one during the cycle of '${connector}': the next one is its first in the other place`;
  return new CausewayError('changed-places', text);
}
