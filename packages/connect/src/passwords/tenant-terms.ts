import { isReadBy } from '@causeway/contract';
import { type PairingState, pairingState } from '../pairing/pairing-state.ts';
import { readsWith } from '../pairing/signed-reads.ts';
import type { ConnectorStore } from '../store/store.ts';
import type { SyncConfiguration } from '../tenant/tenant-client.ts';

/** What the tenant says of itself that decides what is sent. */
export interface TenantTerms {
  pairing: PairingState;
  /** Withdrawals go: it takes them, or the managed domain has signed that it does. */
  withdrawals: boolean;
  /** It takes the sequence of a password without a record; one of the first release does not. */
  numbers: boolean;
}

export function tenantTerms(store: ConnectorStore, configuration: SyncConfiguration): TenantTerms {
  return {
    pairing: pairingState(store, configuration),
    withdrawals: isReadBy(readsWith(store, configuration.accepts), 'withdrawal-1'),
    numbers: isReadBy(configuration.accepts, 'withdrawal-1'),
  };
}
