import { bestEffort } from '@causeway/service';
import type { Run } from '../runs/run.ts';
import type { ConnectorStore } from '../store/store.ts';
import { completePass } from './full-pass-step.ts';
import { isSwitchedOn, type PasswordChannel } from './password-channel.ts';
import { owedStep, passwordStep, retryStep } from './password-step.ts';
import type { PasswordSummary } from './process-users.ts';

/** When a connector's passwords were last processed, and how that ended. */
export interface PasswordCycleTimes {
  start: string | null;
  end: string | null;
  status: 'None' | 'InProgress' | 'Successful' | 'Failed';
  successfulStart: string | null;
  successfulEnd: string | null;
}

const NONE: PasswordCycleTimes = {
  start: null,
  end: null,
  status: 'None',
  successfulStart: null,
  successfulEnd: null,
};

export function lastPasswordCycle({ cursors }: ConnectorStore): PasswordCycleTimes {
  const stored = cursors.get('password-cycle');
  return stored === undefined ? NONE : (JSON.parse(stored) as PasswordCycleTimes);
}

/** One password cycle from its beginning. Its result is stored at its end. */
export class PasswordCycle {
  readonly #store: ConnectorStore;
  readonly #before: PasswordCycleTimes;
  readonly #run: Run;

  constructor(store: ConnectorStore) {
    this.#store = store;
    this.#run = store.runs.begin('passwords');
    this.#before = lastPasswordCycle(store);
  }

  get times(): PasswordCycleTimes {
    return { ...this.#before, start: this.#run.startedAt, end: null, status: 'InProgress' };
  }

  /** Sends changes, then retries, then passwords that are owed. */
  async run(channel: PasswordChannel, namingContext: string): Promise<PasswordSummary> {
    const passwords: PasswordSummary = { read: 0, sent: 0 };
    try {
      for (const step of [
        () => passwordStep(channel, namingContext, this.#run),
        () => retryStep(channel, this.#run),
        () => owedStep(channel, this.#run),
      ]) {
        const done = await step();
        passwords.read += done.read;
        passwords.sent += done.sent;
      }
      if (isSwitchedOn(channel)) await completePass(channel);
      this.#store.runs.end(this.#run);
      this.#ended('Successful');
    } catch (error) {
      this.#store.runs.stop(this.#run);
      bestEffort(() => this.#ended('Failed'));
      throw error;
    }
    return passwords;
  }

  #ended(status: 'Successful' | 'Failed'): void {
    const { cursors, db, runs } = this.#store;
    const [start, end] = [this.#run.startedAt, db.timestamp()];
    const successful = status === 'Successful' && { successfulStart: start, successfulEnd: end };
    runs.transaction(() => {
      cursors.set('password-cycle', JSON.stringify({ ...this.#before, start, end, status, ...successful }));
      if (successful) cursors.set('last-password-cycle-at', end);
    });
  }
}
