import type { FeedItem } from '@causeway/contract';
import { backoff, type Clock } from '@causeway/service';
import type { PreparedItem } from '../apply/task.ts';
import { keyOf, personOf } from '../person.ts';

/** Up to this many users wait for a retry; above it the feed is read again instead. */
const MAX_RETRIES = 10_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10 * 60_000;

interface Retry {
  item: FeedItem;
  attempts: number;
  at: number;
}

/** Whom to retry, and when: each user after pauses of their own, or everyone by reading the feed again. */
export class Retries {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #users = new Map<string, Retry>();
  /** When the feed is read again from the start, for users that could not be read or remembered. */
  #everybodyAt = Number.POSITIVE_INFINITY;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Takes the outcome for users that were tried. */
  note(tried: readonly PreparedItem[], failed: readonly FeedItem[]): void {
    const people = tried.map(({ verified }) => keyOf(verified.person));
    const attempts = new Map(people.map(key => [key, this.#users.get(key)?.attempts ?? 0]));
    for (const key of people) this.#users.delete(key);
    for (const item of failed) {
      const key = keyOf(personOf(item));
      const attempt = (attempts.get(key) ?? 0) + 1;
      const at = this.#clock.now() + backoff(attempt, FIRST_RETRY_MS, LAST_RETRY_MS);
      if (this.#users.size < MAX_RETRIES) this.#users.set(key, { item, attempts: attempt, at });
      else this.everybodyLater();
    }
  }

  /** Users whose retry is due. */
  due(): FeedItem[] {
    const now = this.#clock.now();
    return [...this.#users.values()].filter(({ at }) => at <= now).map(({ item }) => item);
  }

  everybodySoon(): void {
    this.#everybodyWithin(FIRST_RETRY_MS);
  }

  everybodyLater(): void {
    this.#everybodyWithin(LAST_RETRY_MS);
  }

  #everybodyWithin(milliseconds: number): void {
    this.#everybodyAt = Math.min(this.#everybodyAt, this.#clock.now() + milliseconds);
  }

  get isEverybodyDue(): boolean {
    return this.#clock.now() >= this.#everybodyAt;
  }

  /** The feed is read from its start. */
  everybodyComes(): void {
    this.#everybodyAt = Number.POSITIVE_INFINITY;
  }

  /** When the next retry is due; `Infinity` if there is none. */
  next(): number {
    return Math.min(this.#everybodyAt, ...[...this.#users.values()].map(({ at }) => at));
  }
}
