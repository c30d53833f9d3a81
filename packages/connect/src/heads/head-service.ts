import { CallError } from '@causeway/api';
import { ACCEPTED_RECORDS, isReadBy } from '@causeway/contract';
import { describeError, every, isDiskError, type Service, Trouble } from '@causeway/service';
import type { Comparison } from '../comparison/comparison.ts';
import type { ConnectorContext } from '../context.ts';
import { type LastCycles, lastCycles, type Reading } from '../store/comparing/last-cycles.ts';
import { judge } from './arrival.ts';
import { cureDifferences, type Seen } from './cure-differences.ts';
import { knowsForest, makeHead } from './make-head.ts';
import { readReceipt, takeReceipt } from './take-receipt.ts';

/**
 * Sends signed heads of what the tenant has of a forest at intervals, and takes the managed domain's receipts. So both sides
 * detect a tenant that withholds something. Runs beside the cycles, so that a long cycle does not stop the heads.
 */
export class HeadService implements Service {
  readonly name: string;
  readonly startedAt: number;
  readonly #context: ConnectorContext;
  readonly #reading: Reading;
  readonly #comparison: Comparison;
  readonly #before: readonly LastCycles[];
  readonly #trouble: Trouble;
  readonly #onAnew: () => void;
  #alarm = '';
  #seen: Seen | undefined;

  /**
   * @param context of the forest's first connector
   * @param onAnew called if users are to be signed again, so that a cycle follows
   */
  constructor(context: ConnectorContext, reading: Reading, comparison: Comparison, onAnew: () => void) {
    this.#onAnew = onAnew;
    this.#context = context;
    this.#reading = reading;
    this.#comparison = comparison;
    this.#before = context.domains.map(domain => lastCycles(domain.store));
    const { connector, log, store } = context;
    this.startedAt = store.clock.now();
    const { name } = connector;
    this.#trouble = new Trouble(
      text => log.warn({ connector: name }, text),
      () => log.info({ connector: name }, 'heads and receipts are sent again'),
    );
    this.name = `head of ${context.connector.forest}`;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, store } = this.#context;
    const turn = async (): Promise<void> => {
      try {
        await this.turn();
      } catch (error) {
        if (!isDiskError(error)) throw error;
        this.#trouble.begin(`cannot make a head: ${describeError(error)}`);
      }
    };
    await every(settings.headIntervalMs, signal, turn, { clock: store.clock });
  }

  /** Sends one head to the tenant, and handles its answer. */
  async turn(): Promise<void> {
    const { tenant, connector } = this.#context;
    if (!knowsForest(this.#context, this.#reading, this.#before, this.#comparison)) return;
    let trouble: string | undefined;
    try {
      const { accepts, domainAccepts } = await tenant.configuration();
      const bothTake = (name: string) => [accepts, domainAccepts].every(names => isReadBy(names, name));
      const groups = bothTake('head-3');
      const says = groups || bothTake('head-2') ? { reads: ACCEPTED_RECORDS, groups } : {};
      const head = makeHead(this.#context, says);
      if (head === undefined) return;
      const { receipt } = await tenant.putHead({ forest: connector.forest, head });
      const doubt = receipt === null ? undefined : takeReceipt(this.#context, receipt);
      this.#cure();
      if (doubt !== undefined) trouble = `the receipt that the tenant shows is not believed: ${doubt}`;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      trouble = `the head does not go to the tenant: ${describeError(error)}`;
    }
    if (trouble === undefined) this.#trouble.end();
    else this.#trouble.begin(trouble);
    this.#sayAlarm();
  }

  /** Compares the last receipt with the one that this process looked at before. What only one of them says is not cured. */
  #cure(): void {
    const last = this.#context.store.receipts.last();
    const read = last && readReceipt(this.#context, last.receipt);
    if (!read?.ok) return;
    const { seen, said } = cureDifferences(this.#context, read.receipt, this.#seen);
    this.#seen = seen;
    if (said > 0) this.#onAnew();
  }

  #sayAlarm(): void {
    const { store, connector } = this.#context;
    const { state, alarm } = judge(this.#context, this.startedAt);
    const kind = alarm === null ? '' : state;
    if (kind === this.#alarm) return;
    this.#alarm = kind;
    if (alarm !== null)
      store.events.add('managedDomainAlarm', connector.name, `ALARM: ${connector.forest}: ${alarm}`);
    else
      store.events.add(
        'managedDomain',
        connector.name,
        `the managed domain has what ${connector.forest} gave to the tenant, again`,
      );
  }
}
