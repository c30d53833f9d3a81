import { isReadBy } from '@causeway/contract';
import { type PairingState, pairingState } from '../pairing/pairing-state.ts';
import type { Database } from '../store/database.ts';
import type { SyncConfiguration } from '../tenant/tenant-client.ts';

/** What the tenant says of itself that decides what is sent. */
export interface TenantTerms {
  pairing: PairingState;
  /** It takes withdrawals, and the sequence of a password without a record; one of the first release takes neither. */
  withdrawals: boolean;
}

export function tenantTerms(db: Database, configuration: SyncConfiguration): TenantTerms {
  return {
    pairing: pairingState(db, configuration),
    withdrawals: isReadBy(configuration.accepts, 'withdrawal-1'),
  };
}
