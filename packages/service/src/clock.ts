import { sleep } from './lifecycle.ts';

/** What time it is, and waiting. Handed in wherever something is decided or waits, so that a test moves it and waits for nothing. */
export interface Clock {
  /** Milliseconds since 1970. Somebody may set it, forward or back. */
  now(): number;
  /** Milliseconds since a moment of its own, which never go back: how long something took, or may take. */
  monotonic(): number;
  /** Waits, or returns early when the signal is aborted; never throws. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
};

/** Now as it is stored and shown: ISO 8601, in UTC. */
export const timestamp = (clock: Pick<Clock, 'now'>): string => new Date(clock.now()).toISOString();
