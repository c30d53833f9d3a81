import { describeError } from './causeway-error.ts';
import type { Log } from './log.ts';

/** Every long-running part: `run` ends when the signal is aborted and everything is put away. */
export interface Service {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Seconds that a service has to put its things away after SIGTERM or SIGINT. */
const GRACE_MS = 20_000;

/**
 * Runs services until a signal comes or one of them fails; then ends all. Sets the exit code.
 * A second signal ends the process at once: every service must survive that anyway.
 */
export async function runServices(services: readonly Service[], log: Log): Promise<void> {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(130);
    log.info({ signal: name }, 'stopping');
    stop.abort();
    setTimeout(() => {
      log.error('not everything was put away in time');
      process.exit(1);
    }, GRACE_MS).unref();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    await Promise.all(
      services.map(async service => {
        try {
          await service.run(stop.signal);
        } catch (error) {
          if (stop.signal.aborted) return;
          log.fatal({ service: service.name, err: describeError(error) }, 'service failed');
          stop.abort();
          throw error;
        }
      }),
    );
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}

/** Waits, or returns early when the signal is aborted; never throws. */
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

/** The wait before try number `attempt` (from 1): doubling from `firstMs` to `lastMs`, with jitter. */
export function backoff(attempt: number, firstMs: number, lastMs: number): number {
  const full = Math.min(lastMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + Math.random() * (full / 2);
}
