import type { Clock } from '../clock.ts';

interface Sleeper {
  /** In monotonic time. */
  readonly until: number;
  wake(): void;
}

/** A clock that moves only when a test moves it. Sleepers wake when it has reached their time. */
export class HandClock implements Clock {
  #now: number;
  #monotonic = 0;
  readonly #sleepers = new Set<Sleeper>();
  readonly #watchers = new Set<() => void>();

  constructor(now: number | string = '2026-03-02T08:00:00Z') {
    this.#now = new Date(now).getTime();
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise(resolve => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { until: this.#monotonic + Math.max(0, milliseconds), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** Lets time pass. Each sleeper wakes at its time, and finishes what it does without I/O before the next one wakes. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds;
    for (;;) {
      const next = [...this.#sleepers].sort((a, b) => a.until - b.until)[0];
      this.#go(next === undefined ? end : Math.min(end, next.until));
      if (next === undefined || next.until > end) return;
      next.wake();
      await new Promise(setImmediate);
    }
  }

  /** Sets the clock. Nobody wakes by it. */
  set(now: number | string): void {
    this.#now = new Date(now).getTime();
  }

  /** Waits until this many are asleep, so that what was begun has come to a pause. @returns how long each will sleep, the shortest first */
  async sleeping(count = 1): Promise<number[]> {
    while (this.#sleepers.size < count) {
      await new Promise<void>(resolve => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
    return [...this.#sleepers].map(({ until }) => until - this.#monotonic).sort((a, b) => a - b);
  }

  /**
   * Lets time pass from one sleeper to the next, as soon as there is one, until the work is done.
   * @param others how many unrelated sleepers there are throughout
   */
  async during<Result>(work: Promise<Result>, others = 0): Promise<Result> {
    const done = work.then(
      () => undefined,
      () => undefined,
    );
    for (;;) {
      const pauses = await Promise.race([done, this.sleeping(others + 1)]);
      if (pauses === undefined) return work;
      await this.pass(pauses[0]!);
    }
  }

  #go(to: number): void {
    this.#now += to - this.#monotonic;
    this.#monotonic = to;
  }
}
