import type { ConnectorStore } from '../store/store.ts';

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

  ended(status: 'Successful' | 'Failed'): void {
    const { cursors, db } = this.#store;
    const [start, end] = [this.#start, db.timestamp()];
    const successful = status === 'Successful' && { successfulStart: start, successfulEnd: end };
    db.transaction(() => {
      cursors.set('password-cycle', JSON.stringify({ ...this.#before, start, end, status, ...successful }));
      if (successful) cursors.set('last-password-cycle-at', end);
    });
  }
}
