import { describeError } from './causeway-error.ts';
import { type Clock, realClock } from './clock.ts';
import { backoff } from './lifecycle.ts';

/** Ends waits early. A ring while nobody waits ends the next wait. */
export class Bell {
  #ring = new AbortController();

  ring(): void {
    this.#ring.abort();
  }

  /** Aborted from a ring until its answer. */
  get signal(): AbortSignal {
    return this.#ring.signal;
  }

  /** @returns whether it has rung since the last answer */
  answer(): boolean {
    const { aborted } = this.signal;
    if (aborted) this.#ring = new AbortController();
    return aborted;
  }
}

/** What prevents something from being done. Reported once: when it begins, when it changes, and when it is over. */
export class Trouble {
  readonly #begins: (text: string, error: unknown) => void;
  readonly #ends: () => void;
  #text: string | undefined;

  constructor(begins: (text: string, error: unknown) => void, ends: () => void = () => {}) {
    this.#begins = begins;
    this.#ends = ends;
  }

  /** In words, for a status; undefined if there is none. */
  get text(): string | undefined {
    return this.#text;
  }

  /** @param error anything thrown, or words */
  begin(error: unknown): void {
    const text = describeError(error);
    if (text === this.#text) return;
    this.#text = text;
    this.#begins(text, error);
  }

  end(): void {
    if (this.#text === undefined) return;
    this.#text = undefined;
    this.#ends();
  }

  /** Does something. If it throws, that is the trouble, unless the signal ended it. */
  async during(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
      this.end();
    } catch (error) {
      if (!signal.aborted) this.begin(error);
    }
  }
}

export interface KeepGoing {
  signal: AbortSignal;
  /** One turn; `woken`: the bell has rung since the previous turn began. */
  turn: (woken: boolean) => Promise<void>;
  trouble: Trouble;
  /** Between two turns, in milliseconds; none by default. */
  pauseMs?: number;
  /** Wait after consecutive failures: doubles from the first to the last value, with jitter. */
  firstWaitMs: number;
  lastWaitMs: number;
  /** The minimum wait that an error asks for, in milliseconds. */
  waitAfter?: (error: unknown) => number;
  /** Ends a wait. A turn that fails with its signal's reason was woken and has not failed. */
  bell?: Bell;
  /** For waiting; the machine's clock by default. */
  clock?: Pick<Clock, 'sleep'>;
}

/** Repeats something until the signal, with growing pauses after failures. */
export async function keepGoing(options: KeepGoing): Promise<void> {
  const {
    signal,
    turn,
    trouble,
    pauseMs = 0,
    waitAfter = () => 0,
    bell = new Bell(),
    clock = realClock,
  } = options;
  for (let failures = 0; !signal.aborted; ) {
    const woken = bell.answer();
    let wait = pauseMs;
    try {
      await turn(woken);
      // A part that shares a trouble ends only its own.
      if (failures > 0) trouble.end();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (bell.signal.aborted && error === bell.signal.reason) continue;
      failures++;
      wait = Math.max(waitAfter(error), backoff(failures, options.firstWaitMs, options.lastWaitMs));
      trouble.begin(error);
    }
    if (wait > 0) await clock.sleep(wait, AbortSignal.any([signal, bell.signal]));
  }
}

/** Does something now, and again after each pause, until the signal. A ring skips the pause. An error ends the beat. */
export async function every(
  milliseconds: number,
  signal: AbortSignal,
  work: () => Promise<void>,
  { bell = new Bell(), clock = realClock }: Pick<KeepGoing, 'bell' | 'clock'> = {},
): Promise<void> {
  while (!signal.aborted) {
    bell.answer();
    await work();
    await clock.sleep(milliseconds, AbortSignal.any([signal, bell.signal]));
  }
}
