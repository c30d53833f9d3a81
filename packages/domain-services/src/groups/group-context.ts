import type { Log } from '@causeway/service';
import type { ManagedGroups } from '../directory/groups/managed-groups.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Later } from './later.ts';

/** What writing groups needs. */
export interface GroupContext {
  ledger: Ledger;
  directory: Pick<ManagedDirectory, 'holders' | 'delete'>;
  groups: Pick<ManagedGroups, keyof ManagedGroups>;
  domain: ManagedDomain;
  log: Log;
  /** Writes that the directory refused, to be retried. */
  later: Later;
}

/** Asked between two writes. */
export type Stop = Pick<AbortSignal, 'aborted'>;
