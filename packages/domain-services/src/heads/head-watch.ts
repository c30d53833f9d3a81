import { call, hearing, type Send } from '@causeway/api';
import {
  ACCEPTED_RECORDS,
  CLOUD_RECEIPT,
  type DomainArrival,
  isReadBy,
  managedDomainRoutes,
} from '@causeway/contract';
import { type Head, MAX_ENTRIES, type SigningKey, verifyHead } from '@causeway/records';
import { Bell, every, type Log, type Service, Trouble } from '@causeway/service';
import type { DifferenceLimits } from '../configuration.ts';
import type { KnownHead, Older } from '../ledger/head-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { trustOf } from '../pairing/trust.ts';
import { arrivals, trustedForests } from './arrival.ts';
import { compareHead } from './compare-head.ts';
import { mayReadAgain } from './read-again.ts';
import { groupsOfReceipt, makeCloudReceipt, makeReceipt, type Says } from './receipt.ts';

export interface HeadWatchOptions {
  ledger: Ledger;
  send: Send;
  tenant: string;
  receiptKey: SigningKey;
  log: Log;
  /** How often to ask the tenant for heads. */
  headIntervalMs: number;
  limits: DifferenceLimits;
  /** Called when a newer head came: the feeds have to be read to their ends. */
  onHead: () => void;
  /** Called when something that the forest gave the tenant has not come, although the feed was read to its end: it has to be read again. */
  onLasting: (of: Subject) => void;
}

/** What a head covers. Each has a feed of its own. */
export type Subject = 'users' | 'groups';

/**
 * Detects what the tenant withholds. Reads the heads that each forest's Connect signed, and compares each once the feed was read to its end
 * after the head came. Answers with receipts, and raises an alarm when something does not come.
 */
export class HeadWatch implements Service {
  readonly name = 'heads';
  readonly startedAt: number;
  readonly #options: HeadWatchOptions;
  /** Heads that wait for the end of a feed, with the time when they arrived. */
  readonly #waiting: Record<Subject, Map<string, { head: Head; at: number }>> = {
    users: new Map(),
    groups: new Map(),
  };
  readonly #alarms = new Map<string, string>();
  readonly #refused = new Map<string, string>();
  /** What each forest's Connect reads, by the last head that was shown. An older head counts too: its Connect may have lost count. */
  readonly #reads = new Map<string, readonly string[] | undefined>();
  readonly #tenant: ReturnType<typeof hearing>;
  /** The last cloud-only user that the last receipt had room for, if there are more. */
  #toldUpTo = '';
  /** Rung when something was compared and has to be answered. */
  readonly #compared = new Bell();

  constructor(options: HeadWatchOptions) {
    this.#options = options;
    this.startedAt = options.ledger.clock.now();
    this.#tenant = hearing(options.send);
  }

  /** Reads heads, and answers with every beat, and at once after a comparison. An unreachable tenant counts as silent. */
  async run(signal: AbortSignal): Promise<void> {
    const { headIntervalMs, ledger, log } = this.#options;
    const { clock } = ledger;
    const trouble = (what: string) =>
      new Trouble(
        err => log.warn({ err }, `cannot exchange ${what} with the tenant`),
        () => log.info(`exchanging ${what} with the tenant again`),
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

  /**
   * Compares the heads that waited for the end of a feed.
   * @param of the feed that was read to its end
   * @param askedAt when its last page was requested, by the ledger's monotonic clock
   */
  compare(of: Subject, askedAt: number): void {
    const { ledger } = this.#options;
    const book = of === 'users' ? ledger.heads : ledger.groupHeads;
    for (const [forest, { head, at }] of this.#waiting[of]) {
      if (at >= askedAt) continue;
      this.#waiting[of].delete(forest);
      const buckets = of === 'users' ? head.buckets : head.groupBuckets!;
      const ours = book.ours(forest);
      const comparison = compareHead(book.comparison(forest), { ...head, buckets }, ours, ledger.timestamp());
      book.saveComparison(forest, comparison);
      if (mayReadAgain(ledger, of === 'users' ? forest : `groups of ${forest}`, comparison))
        this.#readAgain(forest, of);
      this.#compared.ring();
    }
  }

  #readAgain(forest: string, of: Subject): void {
    const { log, onLasting } = this.#options;
    log.warn({ forest, of }, 'two consecutive heads differ from the ledger; reading the feed from its start');
    onLasting(of);
  }

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
      this.#reads.set(forest, head.reads);
      const known = ledger.heads.head(forest);
      if (known && isOlder(head, known)) {
        this.#refuse(forest, `it is older than the one of ${known.time}: an old state was replayed`);
        continue;
      }
      this.#refused.delete(forest);
      // The same head comes again after a restart, which may have interrupted its comparison.
      const isSame = known?.sequence === head.sequence;
      const tellsGroups = head.groupBuckets !== undefined;
      const compared = [known?.comparison, ...(tellsGroups ? [ledger.groupHeads.comparison(forest)] : [])];
      if (isSame && compared.every(one => one?.sequence === head.sequence)) continue;
      const receivedAt = isSame ? known.receivedAt : ledger.timestamp();
      ledger.heads.saveHead({ ...head, receivedAt });
      const waiting = { head, at: ledger.clock.monotonic() };
      this.#waiting.users.set(forest, waiting);
      if (tellsGroups) this.#waiting.groups.set(forest, waiting);
      else this.#waiting.groups.delete(forest);
      newer = true;
    }
    if (newer) onHead();
  }

  #refuse(forest: string, why: string): void {
    if (this.#refused.get(forest) === why) return;
    this.#refused.set(forest, why);
    this.#options.log.error({ forest, reason: why }, 'refused a head from the tenant');
  }

  async #sendReceipts(signal: AbortSignal): Promise<void> {
    const { ledger, tenant, receiptKey, limits } = this.#options;
    const { send } = this.#tenant;
    for (const forest of trustedForests(ledger).keys()) {
      const receipt = makeReceipt(ledger, receiptKey, { tenant, forest }, limits, this.#says(forest));
      if (receipt !== undefined)
        await call(send, managedDomainRoutes.putReceipt, { body: { forest, receipt }, signal });
    }
    const older = this.#tenant.reads(CLOUD_RECEIPT) ? this.#nextOlder() : [];
    if (older.length === 0) return;
    const receipt = makeCloudReceipt(ledger, receiptKey, tenant, older);
    await call(send, managedDomainRoutes.putReceipt, { body: { forest: null, receipt }, signal });
  }

  /** Each beat takes as many users as fit into a receipt. The tenant remembers the earlier ones. */
  #nextOlder(): Older[] {
    const older = this.#options.ledger.heads.refusedAsOlder(this.#toldUpTo, MAX_ENTRIES);
    this.#toldUpTo = older[MAX_ENTRIES - 1]?.anchor ?? '';
    return older;
  }

  /** What may be said beyond the first release: what both the forest's Connect and the tenant read. */
  #says(forest: string): Says {
    const bothTake = (name: string) => isReadBy(this.#reads.get(forest), name) && this.#tenant.reads(name);
    const { ledger } = this.#options;
    if (bothTake('receipt-3')) {
      const groups = bothTake('receipt-5') && groupsOfReceipt(ledger, forest);
      return { reads: ACCEPTED_RECORDS, newest: ledger.heads.newest(forest), ...groups };
    }
    return bothTake('receipt-2') ? { reads: ACCEPTED_RECORDS } : {};
  }

  #sayAlarms(): void {
    const { ledger, limits, log } = this.#options;
    for (const arrival of arrivals(ledger, limits, this.startedAt)) {
      const { forest, alarm } = arrival;
      const before = this.#alarms.get(forest);
      if (alarm && before !== alarm.kind) log.error({ forest, since: alarm.since }, alarmText(arrival));
      if (!alarm && before !== undefined) log.info({ forest }, 'heads match the ledger again');
      if (alarm) this.#alarms.set(forest, alarm.kind);
      else this.#alarms.delete(forest);
    }
  }
}

/** A sequence belongs to one head: a Connect that signed another with the same one had lost count. */
function isOlder(head: Head, known: KnownHead): boolean {
  if (head.sequence !== known.sequence) return head.sequence < known.sequence;
  return (
    head.time !== known.time || head.buckets !== known.buckets || head.groupBuckets !== known.groupBuckets
  );
}

/** The meaning of an alarm, in a sentence. */
export function alarmText({ alarm, head, here }: DomainArrival): string {
  if (alarm?.kind === 'silent')
    return `ALARM: the tenant has shown no new head of the forest since ${alarm.since}: Connect does not run, or the tenant withholds`;
  return `ALARM: not everything that the forest gave to the tenant came here, and it does not come: ${here.accounts} of ${head?.accounts} accounts, ${here.credentials} of ${head?.credentials} credentials`;
}
