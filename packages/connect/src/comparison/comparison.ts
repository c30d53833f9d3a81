import { setImmediate } from 'node:timers/promises';
import { CallError } from '@causeway/api';
import { MAX_LINES } from '@causeway/contract';
import { BUCKETS, bucketOf, type Line } from '@causeway/records';
import { describeError, Trouble } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import type { UsersInFlight } from '../passwords/users-in-flight.ts';
import { cycledSince, type LastCycles, lastCycles, type Reading } from '../store/comparing/last-cycles.ts';
import type { OwnLine } from '../store/head-buckets.ts';
import { raiseUnverified } from '../store/sequence.ts';
import { compareLines, type Difference, isSameLine } from './compare-lines.ts';
import { compareGroups } from './groups-at-tenant.ts';
import { type Domain, lookUpStrangers } from './look-up-strangers.ts';
import { sayAnew, strangers } from './say-anew.ts';

/** Heads wait at most this long until the findings of the first comparison are sent again. */
const PATIENCE_MS = 5 * 60_000;
/** How long to wait before reading a difference again that led to nothing. */
const SETTLED_MS = 60_000;
/** A tenant may have more people than Connect knows. Connect reads at most so many more. */
const MORE_LINES = 10_000;
/** How many people to queue again before other work gets a turn. */
const AT_ONCE = 1_000;
/** How many buckets to read before other work gets a turn. After a full pass all of them have changed. */
const BUCKETS_AT_ONCE = 8;
/** Within this time Connect checks each bucket against its rows, a few at each comparison. */
const RECHECK_MS = 60 * 60_000;

/** One domain of the forest. */
interface Parts extends Domain {
  readonly inFlight: UsersInFlight;
}

/** What the last comparison found, for the status. */
export interface LastComparison {
  at: string;
  differing: number;
}

export function lastComparison({ store }: Pick<ConnectorContext, 'store'>): LastComparison | undefined {
  const stored = store.forestCursors.get('compared');
  return stored === undefined ? undefined : (JSON.parse(stored) as LastComparison);
}

/**
 * Compares what the tenant acknowledged of a forest with what it has, and restores what it lost. The tenant's answers never become a
 * record or an acknowledgement. They only decide whom Connect signs and sends again, and whom it looks up in the directory.
 */
export class Comparison {
  readonly #domains: readonly Parts[];
  /** The first domain's. */
  readonly #context: ConnectorContext;
  readonly #startedAt: number;
  readonly #trouble: Trouble;
  /** The state of this process's first comparison. */
  #first: 'to come' | 'not served' | 'agreed' | readonly LastCycles[] = 'to come';

  /** The last difference that led to nothing. */
  #settled: { picture: string; at: number; differing: number } | undefined;

  #rechecked = 0;

  /** @param domains of the forest, its first connector's first */
  constructor(domains: readonly Parts[]) {
    this.#domains = domains;
    this.#context = domains[0]!.context;
    const { log, connector, store } = this.#context;
    this.#startedAt = store.clock.monotonic();
    this.#trouble = new Trouble(
      text => log.warn({ connector: connector.name }, `cannot compare with the tenant: ${text}`),
      () => log.info({ connector: connector.name }, 'comparing with the tenant again'),
    );
  }

  /** Whether all findings of the first comparison were acknowledged, refused or held, or the time to wait is over. */
  isWorkedOff(reading: Reading): boolean {
    const first = this.#first;
    if (this.#context.store.clock.monotonic() - this.#startedAt >= PATIENCE_MS) return true;
    if (first === 'to come') return false;
    if (typeof first === 'string') return true;
    const haveCycled = this.#domains.every(({ context }, i) =>
      cycledSince(context.store, reading, first[i]!),
    );
    return haveCycled && !this.#isPassToCome();
  }

  /**
   * Compares once, between two cycles. Leaves out users that are being sent. During a full pass that is true all the time, so it
   * waits for the pass.
   *
   * @returns whether a cycle should follow at once
   */
  async turn(): Promise<boolean> {
    this.#recheck();
    if (this.#isPassToCome()) return false;
    try {
      const follows = await this.#compare();
      this.#trouble.end();
      return follows;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.#trouble.begin(describeError(error));
      return false;
    }
  }

  /** A stored digest that does not match its rows would hide a difference, or invent one. */
  #recheck(): void {
    const { store, settings, connector } = this.#context;
    for (let n = Math.ceil((BUCKETS * settings.headIntervalMs) / RECHECK_MS); n > 0; n--) {
      const bucket = this.#rechecked++ % BUCKETS;
      if (!store.heads.mendBucket(bucket)) continue;
      const text = `the digest of bucket ${bucket} of ${connector.forest} did not match its rows; computed it again`;
      store.events.add('runErrors', connector.name, text);
    }
  }

  #isPassToCome(): boolean {
    return this.#domains.some(({ context }) => {
      const { passes, settings } = context.store;
      const pass = passes.open();
      return pass !== undefined && pass.readAt === null && settings.passwordSync;
    });
  }

  async #compare(): Promise<boolean> {
    const context = this.#context;
    const said = await this.#compareLines();
    const ofGroups = said === undefined ? undefined : await compareGroups(context);
    const found = (said ?? 0) + (ofGroups ?? 0) + (await lookUpStrangers(this.#domains)); // includes those that the managed domain has
    if (said === undefined) this.#first = 'not served';
    else if (this.#first === 'to come')
      this.#first = found > 0 ? this.#domains.map(domain => lastCycles(domain.context.store)) : 'agreed';
    return found > 0;
  }

  /** @returns how many users are signed again; undefined for a tenant whose release cannot compare */
  async #compareLines(): Promise<number | undefined> {
    const { store, tenant, connector } = this.#context;
    const { forest } = connector;
    const mark = store.forestCursors.get('tenant-mark') ?? null;
    for (let read = 0; read < BUCKETS && store.heads.refreshLines(BUCKETS_AT_ONCE); read += BUCKETS_AT_ONCE)
      await setImmediate();
    const reply = await tenant.compareForest({ forest, buckets: store.heads.lineDigests(), mark });
    if (reply === undefined) return undefined;
    const { said, differing } = await this.#readIfNew(reply.differing);
    store.db.transaction(() => {
      store.forestCursors.set('tenant-mark', reply.mark ?? undefined);
      const last: LastComparison = { at: store.db.timestamp(), differing };
      store.forestCursors.set('compared', JSON.stringify(last));
    });
    return said;
  }

  /** Does not read a difference that led to nothing at every turn: some last, and a tenant may lie. */
  async #readIfNew(buckets: number[]): Promise<typeof NOBODY> {
    if (buckets.length === 0) return NOBODY;
    const { store } = this.#context;
    const picture = `${store.heads.lineDigests()} ${buckets}`;
    const now = store.clock.monotonic();
    if (picture === this.#settled?.picture && now - this.#settled.at < SETTLED_MS)
      return { ...NOBODY, differing: this.#settled.differing };
    const read = await this.#read(buckets);
    this.#settled =
      read.said + read.passedOver > 0 ? undefined : { picture, at: now, differing: read.differing };
    return read;
  }

  /** Reads who differs in these buckets, and queues them to be signed again. */
  async #read(buckets: number[]): Promise<typeof NOBODY> {
    const context = this.#context;
    const { store, connector } = context;
    const ours = buckets.flatMap(bucket => store.heads.lines(bucket));
    const { theirs, upTo } = await this.#readTheirs(buckets, ours);
    this.#countOn(theirs);
    const found = compareLines(ours, theirs, upTo);
    strangers(context, found.strangers);
    let [said, passedOver] = [0, 0];
    for (let i = 0; i < found.differing.length; i += AT_ONCE) {
      const some = found.differing.slice(i, i + AT_ONCE);
      const people = some.filter(one => this.#isStill(one));
      passedOver += some.length - people.length;
      said += sayAnew(context, people);
      await setImmediate();
    }
    if (said > 0) {
      const text = `the tenant has ${found.differing.length} of ${connector.forest} otherwise than it acknowledged: ${said} of them are signed anew and sent again`;
      store.events.add('runErrors', connector.name, text);
    }
    return { said, differing: found.differing.length + found.strangers.length, passedOver };
  }

  /** If this Connect lost count, the tenant refuses its new records as older than those that it has. */
  #countOn(theirs: readonly Line[]): void {
    const { store } = this.#context;
    const newest = theirs.reduce(
      (most, { accountSequence, credentialSequence }) => Math.max(most, accountSequence, credentialSequence),
      0,
    );
    if (raiseUnverified(store.db, newest) === 'raised') store.queue.hurryAll('older-sequence');
  }

  /** Whether nothing of the user is being sent, or was acknowledged while the tenant answered. */
  #isStill({ ours }: Difference): boolean {
    if (this.#domains.some(({ inFlight }) => inFlight.has(ours.guid))) return false;
    const now = this.#context.store.heads.line(ours.guid);
    return now !== undefined && isSameLine(ours, now);
  }

  /** Reads the tenant's lines of these buckets page by page. `upTo` is the last anchor read, if the tenant has more. */
  async #readTheirs(
    buckets: number[],
    ours: readonly OwnLine[],
  ): Promise<{ theirs: Line[]; upTo: string | undefined }> {
    const { tenant, connector } = this.#context;
    const asked = new Set(buckets);
    const theirs: Line[] = [];
    let after = '';
    for (let pages = Math.ceil((ours.length + MORE_LINES) / MAX_LINES); pages > 0; pages--) {
      const { lines, more } = await tenant.readLines({ forest: connector.forest, buckets, after });
      for (const { sourceAnchor: anchor, passwordOrder, ...line } of lines) {
        if (anchor <= after || !asked.has(bucketOf(anchor))) throw notAsked(anchor);
        theirs.push({ anchor, passwordOrder: passwordOrder ?? undefined, ...line });
        after = anchor;
      }
      if (!more) return { theirs, upTo: undefined };
      if (lines.length === 0) break;
    }
    return { theirs, upTo: after };
  }
}

/** How many users are signed again, how many differ in all, and how many of them are being sent just now. */
const NOBODY = { said: 0, differing: 0, passedOver: 0 };

function notAsked(anchor: string): CallError {
  return new CallError(
    0,
    'bad-answer',
    `the tenant's line of '${anchor}' was not asked for, or is out of order`,
  );
}
