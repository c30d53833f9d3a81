import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DomainStatus as Status } from '@causeway/contract';
import { Place } from './place.ts';
import { runCliJson } from './run-cli.ts';

/** Between two looks, in milliseconds. */
const LOOK_MS = 20;

/** Domain Services of a test that plays the tenant itself: `state` and `domain.log` are in a folder of the test's own. */
export class DomainPlace extends Place {
  constructor(folder: string) {
    const state = join(folder, 'state');
    super({
      name: 'domain',
      args: ['domain', 'run', '--state', state],
      logFile: join(folder, 'domain.log'),
      ready: async () => {
        const status = await runCliJson<Status>(['domain', 'status', '--state', state]);
        if (!status.following || !status.domain.running || status.trouble) throw new Error('not yet');
      },
    });
  }

  /** Looks until something is there. When it does not come, the end of the log may tell why. */
  async eventually<T>(
    what: string,
    look: () => T | undefined | Promise<T | undefined>,
    patienceMs: number,
  ): Promise<T> {
    for (const end = Date.now() + patienceMs; Date.now() < end; await delay(LOOK_MS)) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    }
    throw new Error(`${what} did not come about; the log ends in: ${this.lastLines()}`);
  }
}
