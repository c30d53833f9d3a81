import { askedWait, CallError, call, callIfServed, type Send } from '@causeway/api';
import {
  type CallInput,
  type CredentialChange,
  type GroupChange,
  synchronizedGroupRoutes as groupRoutes,
  type MembersChange,
  type MembersVerdict,
  type ObjectChange,
  type ReplyOf,
  type Route,
  synchronizationRoutes as routes,
  type StoredMembership,
  stagingRoutes,
  storedRoutes,
  type Verdict,
  type Withdrawal,
} from '@causeway/contract';
import { backoff, type Clock, realClock } from '@causeway/service';

export type SyncConfiguration = ReplyOf<typeof routes.getSyncConfiguration>;
export type ConnectHeartbeat = Omit<
  NonNullable<Parameters<typeof call<typeof routes.reportConnectStatus>>[2]>['body'] & object,
  never
>;

/** How long the tenant's configuration counts as current. */
const CONFIGURATION_AGE_MS = 3_000;
/** Tries of one request before the cycle gives up. The next cycle resumes from the stored state. */
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 8_000;
/** The longest Retry-After to wait for within a cycle, in seconds. */
const MAX_RETRY_AFTER_S = 60;
/** The verdict on each withdrawal if the tenant takes none. It holds up no other user's password. */
const NO_WITHDRAWALS: Omit<Verdict, 'sourceAnchor'> = {
  verdict: 'retry',
  reason:
    'the managed domain signed that it reads withdrawals, and the tenant takes none: the old password opens the cloud until the tenant is updated',
};
/** Statuses that blame something in the batch. The client halves the batch until it finds the item. */
const BATCH_FAULTS = new Set([400, 413, 422]);

/** The tenant's provisioning API as Connect uses it. Every call may throw CallError. */
export class TenantClient {
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  #configuration: { at: number; value: SyncConfiguration } | undefined;
  /** Called with each configuration that the tenant sends. */
  onConfiguration: ((told: SyncConfiguration) => void) | undefined;
  /** Called with whether this Connect stages, each time that the tenant says so. */
  onStanding: ((staging: boolean) => void) | undefined;

  constructor(send: Send, signal?: AbortSignal, clock: Clock = realClock) {
    this.#send = send;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * @param fresh asks the tenant even if it was asked a moment ago
   * @param attempts 1 for a person who waits for the answer
   */
  async configuration(fresh: boolean = false, attempts: number = ATTEMPTS): Promise<SyncConfiguration> {
    const kept = this.#configuration;
    if (!fresh && kept && this.#clock.now() - kept.at < CONFIGURATION_AGE_MS) return kept.value;
    const value = await this.#trying(() => this.#call(routes.getSyncConfiguration), attempts);
    this.#configuration = { at: this.#clock.now(), value };
    this.onConfiguration?.(value);
    return value;
  }

  /**
   * Asks whether this Connect stages. A tenant of an older release does not know of staging, and does not answer.
   * @param attempts 1 for a person who waits for the answer
   */
  async askStanding(attempts: number = ATTEMPTS): Promise<void> {
    const standing = await this.#trying(() => this.#callIfServed(stagingRoutes.readStanding), attempts);
    if (standing) this.onStanding?.(standing.staging);
  }

  /** Changes places with the Connect that writes, by an administrator's code. @returns who stages now */
  async promote(code: string): Promise<ReplyOf<typeof stagingRoutes.promote>['demoted']> {
    const { demoted } = await this.#call(stagingRoutes.promote, { body: { code } });
    this.onStanding?.(false);
    return demoted;
  }

  /** Verdicts in the order of the changes. */
  exportObjects(forest: string, changes: readonly ObjectChange[]): Promise<Verdict[]> {
    return this.#batch(changes, async part => {
      const body = { forest, changes: [...part] };
      return (await this.#call(routes.exportObjects, { body })).verdicts;
    });
  }

  /** @param encapsulation of the records in the changes; null if there are none */
  exportCredentials(
    forest: string,
    encapsulation: string | null,
    changes: readonly CredentialChange[],
  ): Promise<Verdict[]> {
    return this.#batch(changes, async part => {
      const body = { forest, encapsulation, changes: [...part] };
      return (await this.#call(routes.exportCredentials, { body })).verdicts;
    });
  }

  exportWithdrawals(forest: string, changes: readonly Withdrawal[]): Promise<Verdict[]> {
    return this.#batch(changes, async part => {
      const body = { forest, changes: [...part] };
      const reply = await this.#callIfServed(routes.exportWithdrawals, { body });
      return reply?.verdicts ?? part.map(({ sourceAnchor }) => ({ sourceAnchor, ...NO_WITHDRAWALS }));
    });
  }

  exportGroups(forest: string, changes: readonly GroupChange[]): Promise<Verdict[]> {
    return this.#batch(changes, async part => {
      const body = { forest, changes: [...part] };
      return (await this.#call(groupRoutes.exportGroups, { body })).verdicts;
    });
  }

  /** Verdicts by group and prefix, in the order of the changes. */
  exportMembers(forest: string, changes: readonly MembersChange[]): Promise<MembersVerdict[]> {
    return this.#batch<MembersChange, MembersVerdict>(changes, async part => {
      const body = { forest, changes: [...part] };
      return (await this.#call(groupRoutes.exportMembers, { body })).verdicts;
    });
  }

  async reportStatus(body: ConnectHeartbeat): Promise<void> {
    await this.#call(routes.reportConnectStatus, { body });
  }

  /** Returns the managed domain's receipt, as the tenant relays it. Does not retry, because the next head comes soon. */
  async putHead(body: { forest: string; head: string }): Promise<{ receipt: string | null }> {
    return this.#call(routes.putHead, { body });
  }

  /** Undefined for a tenant of an older release. Does not retry, because the next comparison comes soon. */
  async compareForest(body: {
    forest: string;
    buckets: string;
    mark: string | null;
  }): Promise<ReplyOf<typeof routes.compareForest> | undefined> {
    return this.#callIfServed(routes.compareForest, { body });
  }

  /** Undefined for a tenant of an older release. */
  async compareGroups(body: {
    forest: string;
    buckets: string;
  }): Promise<ReplyOf<typeof groupRoutes.compareGroups> | undefined> {
    return this.#callIfServed(groupRoutes.compareGroups, { body });
  }

  async readGroupLines(body: {
    forest: string;
    buckets: number[];
    after: { sourceAnchor: string; prefix: string | null } | null;
  }): Promise<ReplyOf<typeof groupRoutes.readGroupLines>> {
    return this.#call(groupRoutes.readGroupLines, { body });
  }

  async readLines(body: {
    forest: string;
    buckets: number[];
    after: string;
  }): Promise<ReplyOf<typeof routes.readLines>> {
    return this.#call(routes.readLines, { body });
  }

  /** What the tenant has of a forest, page by page. Undefined for a tenant of an older release. */
  readStoredUsers(body: {
    forest: string;
    after: string;
  }): Promise<ReplyOf<typeof storedRoutes.readStoredUsers> | undefined> {
    return this.#trying(() => this.#callIfServed(storedRoutes.readStoredUsers, { body }));
  }

  readStoredGroups(body: {
    forest: string;
    after: string;
  }): Promise<ReplyOf<typeof storedRoutes.readStoredGroups> | undefined> {
    return this.#trying(() => this.#callIfServed(storedRoutes.readStoredGroups, { body }));
  }

  readStoredMemberships(body: {
    forest: string;
    after: StoredMembership | null;
  }): Promise<ReplyOf<typeof storedRoutes.readStoredMemberships> | undefined> {
    return this.#trying(() => this.#callIfServed(storedRoutes.readStoredMemberships, { body }));
  }

  #call<R extends Route>(route: R, input?: CallInput<R>): Promise<ReplyOf<R>> {
    return this.#hear(call(this.#send, route, input));
  }

  #callIfServed<R extends Route>(route: R, input?: CallInput<R>): Promise<ReplyOf<R> | undefined> {
    return this.#hear(callIfServed(this.#send, route, input));
  }

  /** A Connect that was demoted learns it from the answer to its next request, whichever that is. */
  async #hear<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof CallError && error.code === 'staging') this.onStanding?.(true);
      throw error;
    }
  }

  async #batch<T extends Named, V extends Verdict & Named = Verdict>(
    items: readonly T[],
    send: (part: readonly T[]) => Promise<V[]>,
  ): Promise<V[]> {
    try {
      return inOrder(items, await this.#trying(() => send(items)));
    } catch (error) {
      if (!(error instanceof CallError) || !BATCH_FAULTS.has(error.status)) throw error;
      if (items.length === 1)
        return [verdictOf<V>(items[0]!, { verdict: 'refused', code: 'invalid', reason: error.message })];
      const middle = items.length >> 1;
      const first = await this.#batch(items.slice(0, middle), send);
      return [...first, ...(await this.#batch(items.slice(middle), send))];
    }
  }

  /** Retries a request that got no answer, half an answer, 429 or 5xx. Every request is idempotent. */
  async #trying<T>(request: () => Promise<T>, attempts: number = ATTEMPTS): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof CallError) || !error.transient || attempt >= attempts) throw error;
        if ((error.retryAfter ?? 0) > MAX_RETRY_AFTER_S) throw error;
        const wait = Math.max(askedWait(error), backoff(attempt, FIRST_WAIT_MS, LAST_WAIT_MS));
        await this.#clock.sleep(wait, this.#signal);
        this.#signal?.throwIfAborted();
      }
    }
  }
}

/** The most characters kept of a reason, which goes into the state, the log and onto a terminal. */
const MAX_REASON = 500;

function inOneLine<V extends Verdict>(verdict: V): V {
  if (verdict.reason === undefined) return verdict;
  return { ...verdict, reason: verdict.reason.slice(0, MAX_REASON).replaceAll(/\p{Cc}/gu, ' ') };
}

/** Identifies a verdict. One batch may have several slices of one group. */
interface Named {
  readonly sourceAnchor: string;
  readonly prefix?: string | undefined;
}

const keyOf = ({ sourceAnchor, prefix = '' }: Named): string => `${sourceAnchor} ${prefix}`;

const verdictOf = <V extends Verdict>(
  { sourceAnchor, prefix }: Named,
  said: Omit<Verdict, 'sourceAnchor'>,
): V => ({ sourceAnchor, ...(prefix !== undefined && { prefix }), ...said }) as V;

/** The verdict on each item. An item that the tenant skipped gets a retry. */
function inOrder<V extends Verdict & Named>(items: readonly Named[], verdicts: readonly V[]): V[] {
  const known = new Map(verdicts.map(verdict => [keyOf(verdict), inOneLine(verdict)]));
  return items.map(
    item =>
      known.get(keyOf(item)) ??
      verdictOf<V>(item, { verdict: 'retry', reason: 'the tenant said nothing of this one' }),
  );
}
