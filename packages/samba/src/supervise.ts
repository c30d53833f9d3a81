import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainPlace } from './description.ts';
import { domainStatus, type RunningDomain, startDomain } from './domain-process.ts';

export type SupervisionEvent =
  | { kind: 'running'; domain: RunningDomain }
  | { kind: 'ended'; pid: number }
  | { kind: 'failed'; error: Error; retryIn: number };

export interface Supervision {
  /** Ends the supervision; the domain controller goes on, so that a restarted supervisor adopts it. */
  signal: AbortSignal;
  onEvent?: (event: SupervisionEvent) => void;
  /** Milliseconds between looks; default 500. */
  interval?: number;
}

const FIRST_DELAY = 1_000;
const LAST_DELAY = 60_000;
/** Who ran this long has not failed to start. */
const STEADY_AFTER = 60_000;

/** Keeps a domain controller running until the signal: starts or adopts it, and starts it anew when it ends. */
export async function superviseDomain(place: DomainPlace, supervision: Supervision): Promise<void> {
  const { signal, onEvent = () => {}, interval = 500 } = supervision;
  let delay = FIRST_DELAY;
  while (!signal.aborted) {
    try {
      const domain = await startDomain(place);
      const started = performance.now();
      onEvent({ kind: 'running', domain });
      while (!signal.aborted && domainStatus(place).pid === domain.pid) await pause(interval, signal);
      if (signal.aborted) return;
      onEvent({ kind: 'ended', pid: domain.pid });
      if (performance.now() - started > STEADY_AFTER) delay = FIRST_DELAY;
    } catch (error) {
      onEvent({ kind: 'failed', error: error as Error, retryIn: delay });
    }
    await pause(delay, signal);
    delay = Math.min(delay * 2, LAST_DELAY);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
