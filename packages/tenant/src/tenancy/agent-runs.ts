import { MAX_RUNS, type Run, type SeenRun, shownAddress } from '@causeway/contract';
import type { Clock } from '@causeway/service';

/** Allows for requests that were on their way at a restart, and for a command that briefly takes the service's place. */
const GRACE_MS = 10_000;
/** A start that is silent for so long counts as stopped. */
const SILENT_MS = 5 * 60_000;

/** Monotonic milliseconds: changing the clock cannot make two of one. */
interface Known extends Run {
  address: string;
  readonly first: number;
  last: number;
}

/**
 * Which starts of each agent call. Two that keep calling are two copies of one machine. They are kept in memory only: that costs no
 * write, and what a restart of the tenant forgets shows again within seconds. An agent can speak only for itself.
 */
export class AgentRuns {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known[]>();
  readonly #doubled = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An agent called. @returns whether two starts of it begin or cease to run side by side with this call */
  note(agentId: string, { id, machine }: Run, address: string): 'begin' | 'end' | undefined {
    const now = this.#clock.monotonic();
    const known = this.#living(agentId);
    let run = known.find(one => one.id === id);
    if (run === undefined) {
      run = { id, machine, address, first: now, last: now };
      known.push(run);
    }
    Object.assign(run, { address: shownAddress(address), last: now });
    this.#known.set(agentId, known.sort((a, b) => b.last - a.last).slice(0, MAX_RUNS));
    const doubled = known.length > 1 && this.#together(agentId).length > 0;
    if (doubled === this.#doubled.has(agentId)) return undefined;
    if (doubled) this.#doubled.add(agentId);
    else this.#doubled.delete(agentId);
    return doubled ? 'begin' : 'end';
  }

  /** The starts of an agent that run side by side; empty if there is only one. */
  together(agentId: string): SeenRun[] {
    return this.#together(agentId).map(run => this.#shown(run));
  }

  /** The starts that run beside this one. */
  besides(agentId: string, { id }: Run): SeenRun[] {
    const runs = this.#together(agentId);
    return runs.some(run => run.id === id)
      ? runs.filter(run => run.id !== id).map(run => this.#shown(run))
      : [];
  }

  #living(agentId: string): Known[] {
    const since = this.#clock.monotonic() - SILENT_MS;
    return (this.#known.get(agentId) ?? []).filter(({ last }) => last >= since);
  }

  /** A restart ends one start before the next begins, so their times do not overlap. */
  #together(agentId: string): Known[] {
    const living = this.#living(agentId);
    const overlap = (a: Known, b: Known) => Math.min(a.last, b.last) - Math.max(a.first, b.first);
    return living.filter(one => living.some(other => other !== one && overlap(one, other) > GRACE_MS));
  }

  #shown({ machine, address, first, last }: Known): SeenRun {
    const passed = this.#clock.monotonic() - this.#clock.now();
    const at = (time: number) => new Date(time - passed).toISOString();
    return { machine, address, firstSeenAt: at(first), lastSeenAt: at(last) };
  }
}
