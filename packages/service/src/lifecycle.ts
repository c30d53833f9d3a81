import { describeError } from './causeway-error.ts';
import type { Log } from './log.ts';

/** A long-running part: `run` ends when the signal aborts and everything is closed. */
export interface Service {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Time for services to close everything. */
const GRACE_MS = 20_000;

/**
 * Runs services until a signal comes, one of them fails, or `until` aborts. Then it ends all, and returns when all have ended. If something
 * is not closed within `graceMs` after that, here or in the caller, the process exits with code 1. This does not apply to a caller that
 * continues after `until`. A second signal ends the process at once; every service must survive that anyway.
 * @returns whether `until` ended them and nobody stopped the process
 * @throws the first service's error
 */
export async function runServices(
  services: readonly Service[],
  log: Log,
  { graceMs = GRACE_MS, until }: { graceMs?: number; until?: AbortSignal } = {},
): Promise<boolean> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  let patience: NodeJS.Timeout | undefined;
  const end = (): void => {
    stop.abort();
    patience ??= setTimeout(() => {
      log.error('shutdown took too long; some work was cut off');
      process.exit(1);
    }, graceMs).unref();
  };
  let isTold = false;
  const onSignal = (name: NodeJS.Signals): void => {
    if (isTold || failures.length > 0) process.exit(failures.length > 0 ? 1 : 130);
    isTold = true;
    log.info({ signal: name }, 'stopping');
    end();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  until?.addEventListener('abort', end, { once: true });
  if (until?.aborted) end();
  try {
    await Promise.all(
      services.map(async service => {
        try {
          await service.run(stop.signal);
        } catch (error) {
          const err = describeError(error);
          if (stop.signal.aborted) {
            log.warn({ service: service.name, err }, 'service failed while stopping');
            return;
          }
          failures.push(error);
          log.fatal({ service: service.name, err }, 'service failed');
          end();
        }
      }),
    );
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
    until?.removeEventListener('abort', end);
  }
  if (failures.length > 0) throw failures[0];
  const goesOn = until?.aborted === true && !isTold;
  if (goesOn) clearTimeout(patience);
  return goesOn;
}

/** Waits, or returns early when the signal aborts. Never throws. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** The wait before attempt number `attempt` (from 1): doubles from `firstMs` to `lastMs`, with jitter. */
export function backoff(attempt: number, firstMs: number, lastMs: number): number {
  const full = Math.min(lastMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + Math.random() * (full / 2);
}
