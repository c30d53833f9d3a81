import { join } from 'node:path';
import type { DomainStatus as Status } from '@causeway/contract';
import { Place } from './place.ts';
import { runCliJson } from './run-cli.ts';

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
}
