import { bestEffort } from '@causeway/service';
import type { ConnectorStore } from '../store/store.ts';
import { completePass } from './full-pass-step.ts';
import { isSwitchedOn, type PasswordChannel } from './password-channel.ts';
import { owedStep, passwordStep, retryStep } from './password-step.ts';
import type { PasswordSummary } from './process-users.ts';

/** When a connector's passwords were last gone through, and how that ended. */
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

/** One password cycle from its beginning; what becomes of it is stored at its end. */
export class PasswordCycle {
  readonly #store: ConnectorStore;
  readonly #before: PasswordCycleTimes;
  readonly #start: string;

  constructor(store: ConnectorStore) {
    this.#store = store;
    this.#start = store.db.timestamp();
    this.#before = lastPasswordCycle(store);
  }

  get times(): PasswordCycleTimes {
    return { ...this.#before, start: this.#start, end: null, status: 'InProgress' };
  }

  /** What has changed, what is to be retried, and those who are owed, in this order. */
  async run(channel: PasswordChannel, namingContext: string): Promise<PasswordSummary> {
    const passwords: PasswordSummary = { read: 0, sent: 0 };
    try {
      for (const step of [
        () => passwordStep(channel, namingContext),
        () => retryStep(channel),
        () => owedStep(channel),
      ]) {
        const done = await step();
        passwords.read += done.read;
        passwords.sent += done.sent;
      }
      if (isSwitchedOn(channel)) await completePass(channel);
      this.#ended('Successful');
    } catch (error) {
      bestEffort(() => this.#ended('Failed'));
      throw error;
    }
    return passwords;
  }

  #ended(status: 'Successful' | 'Failed'): void {
    const { cursors, db } = this.#store;
    const [start, end] = [this.#start, db.timestamp()];
    const successful = status === 'Successful' && { successfulStart: start, successfulEnd: end };
    db.transaction(() => {
      cursors.set('password-cycle', JSON.stringify({ ...this.#before, start, end, status, ...successful }));
      if (successful) cursors.set('last-password-cycle-at', end);
    });
  }
}
