import { sleep } from './lifecycle.ts';

/** The time, and waiting. Passed in wherever something decides by time or waits, so that a test can move it and need not wait. */
export interface Clock {
  /** Milliseconds since 1970. May be set forward or back. */
  now(): number;
  /** Milliseconds since an arbitrary moment, which never go back: for how long something took, or may take. */
  monotonic(): number;
  /** Waits, or returns early when the signal aborts. Never throws. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
};

/** The current time in the form that is stored and shown: ISO 8601, in UTC. */
export const timestamp = (clock: Pick<Clock, 'now'>): string => new Date(clock.now()).toISOString();
