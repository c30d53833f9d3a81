import { call, hearing, type Send } from '@causeway/api';
import { ACCEPTED_RECORDS, type DomainArrival, isReadBy, managedDomainRoutes } from '@causeway/contract';
import { type Head, type SigningKey, verifyHead } from '@causeway/records';
import { Bell, every, type Log, type Service, Trouble } from '@causeway/service';
import type { DifferenceLimits } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { trustOf } from '../pairing/trust.ts';
import { arrivals, trustedForests } from './arrival.ts';
import { compareHead } from './compare-head.ts';
import { makeReceipt } from './receipt.ts';

export interface HeadWatchOptions {
  ledger: Ledger;
  send: Send;
  tenant: string;
  receiptKey: SigningKey;
  log: Log;
  /** How often the tenant is asked for heads. */
  headIntervalMs: number;
  limits: DifferenceLimits;
  /** A newer head came: the feed is to be read to its end. */
  onHead: () => void;
}

/**
 * Finds out what the tenant withholds. Reads the heads that each forest's Connect signed, has them compared once the
 * feed was read to its end after that, answers with receipts, and says it loudly when something does not come.
 */
export class HeadWatch implements Service {
  readonly name = 'heads';
  readonly startedAt: number;
  readonly #options: HeadWatchOptions;
  /** Heads that wait for the end of the feed, with the time at which they were here. */
  readonly #waiting = new Map<string, { head: Head; at: number }>();
  readonly #alarms = new Map<string, string>();
  readonly #refused = new Map<string, string>();
  /** What each forest's Connect reads, by its newest head. */
  readonly #reads = new Map<string, readonly string[] | undefined>();
  readonly #tenant: ReturnType<typeof hearing>;
  /** Something was compared, and is to be answered. */
  readonly #compared = new Bell();

  constructor(options: HeadWatchOptions) {
    this.#options = options;
    this.startedAt = options.ledger.clock.now();
    this.#tenant = hearing(options.send);
  }

  /** Reads heads, and beside that answers what was compared. A failure to reach the tenant is silence, which has its own alarm. */
  async run(signal: AbortSignal): Promise<void> {
    const { headIntervalMs, ledger, log } = this.#options;
    const { clock } = ledger;
    const trouble = (what: string) =>
      new Trouble(
        err => log.warn({ err }, `${what} do not go`),
        () => log.info(`${what} go again`),
      );
    const [noHeads, noReceipts] = [trouble('heads'), trouble('receipts')];
    const read = () => noHeads.during(() => this.#readHeads(signal), signal);
    const answer = async () => {
      await noReceipts.during(() => this.#sendReceipts(signal), signal);
      this.#sayAlarms();
    };
    await Promise.all([
      every(headIntervalMs, signal, read, { clock }),
      every(headIntervalMs, signal, answer, { bell: this.#compared, clock }),
    ]);
  }

  /** @param askedAt when the last page of the feed was asked for, by the ledger's monotonic clock */
  compare(askedAt: number): void {
    const { ledger } = this.#options;
    for (const [forest, { head, at }] of this.#waiting) {
      if (at >= askedAt) continue;
      this.#waiting.delete(forest);
      const { buckets } = ledger.heads.summary(forest);
      const look = (bucket: number) => ledger.heads.look(forest, bucket);
      const before = ledger.heads.head(forest)?.comparison;
      const comparison = compareHead(before, head, { buckets, look }, ledger.timestamp());
      ledger.heads.saveComparison(forest, comparison);
      this.#unanswered.add(forest);
      this.#compared.ring();
    }
  }

  readonly #unanswered = new Set<string>();

  async #readHeads(signal: AbortSignal): Promise<void> {
    const { ledger, tenant, onHead } = this.#options;
    const { send } = this.#tenant;
    const { heads } = await call(send, managedDomainRoutes.readHeads, { signal });
    const trust = trustOf(ledger);
    let newer = false;
    for (const { forest, head: text } of heads) {
      if (!trustedForests(ledger).has(forest)) continue;
      const verified = verifyHead(text, trust, { tenant });
      if (!verified.ok || verified.head.forest !== forest) {
        const why = verified.ok ? `it is of the forest ${verified.head.forest}` : verified.detail;
        this.#refuse(forest, why);
        continue;
      }
      const { head } = verified;
      const known = ledger.heads.head(forest);
      if (known && head.sequence < known.sequence) {
        this.#refuse(forest, `it is older than the one of ${known.time}: an old state was replayed`);
        continue;
      }
      this.#refused.delete(forest);
      this.#reads.set(forest, head.reads);
      // The same one again, after a start: it was not compared, perhaps.
      if (known && head.sequence === known.sequence && known.comparison?.sequence === head.sequence) continue;
      const receivedAt = known?.sequence === head.sequence ? known.receivedAt : ledger.timestamp();
      ledger.heads.saveHead({ ...head, receivedAt });
      this.#waiting.set(forest, { head, at: ledger.clock.monotonic() });
      newer = true;
    }
    if (newer) onHead();
  }

  #refuse(forest: string, why: string): void {
    if (this.#refused.get(forest) === why) return;
    this.#refused.set(forest, why);
    this.#options.log.error({ forest, reason: why }, 'the head that the tenant shows is not believed');
  }

  async #sendReceipts(signal: AbortSignal): Promise<void> {
    const { ledger, tenant, receiptKey, limits } = this.#options;
    const { send } = this.#tenant;
    for (const forest of [...this.#unanswered]) {
      const bothTake = isReadBy(this.#reads.get(forest), 'receipt-2') && this.#tenant.reads('receipt-2');
      const reads = bothTake ? ACCEPTED_RECORDS : undefined;
      const receipt = makeReceipt(ledger, receiptKey, { tenant, forest }, limits, reads);
      if (receipt !== undefined)
        await call(send, managedDomainRoutes.putReceipt, { body: { forest, receipt }, signal });
      this.#unanswered.delete(forest);
    }
  }

  #sayAlarms(): void {
    const { ledger, limits, log } = this.#options;
    for (const arrival of arrivals(ledger, limits, this.startedAt)) {
      const { forest, alarm } = arrival;
      const before = this.#alarms.get(forest);
      if (alarm && before !== alarm.kind) log.error({ forest, since: alarm.since }, alarmText(arrival));
      if (!alarm && before !== undefined) log.info({ forest }, 'heads and ledger agree again');
      if (alarm) this.#alarms.set(forest, alarm.kind);
      else this.#alarms.delete(forest);
    }
  }
}

/** What an alarm means, in a sentence. */
export function alarmText({ alarm, head, here }: DomainArrival): string {
  if (alarm?.kind === 'silent')
    return `ALARM: the tenant has shown no new head of the forest since ${alarm.since}: Connect does not run, or the tenant withholds`;
  return `ALARM: not everything that the forest gave to the tenant came here, and it does not come: ${here.accounts} of ${head?.accounts} accounts, ${here.credentials} of ${head?.credentials} credentials`;
}
