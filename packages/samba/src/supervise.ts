import { type Clock, keepGoing, realClock, Trouble } from '@causeway/service';
import type { DomainPlace } from './description.ts';
import { domainStatus, type RunningDomain, startDomain } from './domain-process.ts';

export type SupervisionEvent =
  | { kind: 'running'; domain: RunningDomain }
  | { kind: 'ended'; pid: number }
  | { kind: 'failed'; error: Error };

export interface Supervision {
  /** Ends the supervision. The domain controller keeps running, so that a restarted supervisor adopts it. */
  signal: AbortSignal;
  onEvent?: (event: SupervisionEvent) => void;
  /** Milliseconds between checks; default 500. */
  interval?: number;
  /** The machine's by default. */
  clock?: Clock;
}

const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 60_000;
/** A domain controller that ran this long did not fail to start. */
const STEADY_AFTER_MS = 60_000;

/** Keeps a domain controller running until the signal: starts or adopts it, and restarts it when it ends. */
export async function superviseDomain(place: DomainPlace, supervision: Supervision): Promise<void> {
  const { signal, onEvent = () => {}, interval = 500, clock = realClock } = supervision;
  const trouble = new Trouble((_text, error) => {
    if (!(error instanceof EndedSoon)) onEvent({ kind: 'failed', error: error as Error });
  });
  const turn = async (): Promise<void> => {
    const domain = await startDomain(place);
    const started = clock.monotonic();
    onEvent({ kind: 'running', domain });
    while (!signal.aborted && domainStatus(place).pid === domain.pid) await clock.sleep(interval, signal);
    if (signal.aborted) return;
    onEvent({ kind: 'ended', pid: domain.pid });
    if (clock.monotonic() - started <= STEADY_AFTER_MS) throw new EndedSoon();
  };
  const waits = { pauseMs: FIRST_WAIT_MS, firstWaitMs: FIRST_WAIT_MS, lastWaitMs: LAST_WAIT_MS };
  await keepGoing({ signal, turn, trouble, clock, ...waits });
}

/** It ran, and that was reported. The restart waits longer each time. */
class EndedSoon extends Error {}
