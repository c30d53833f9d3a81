import { EPOCH_RECORDS, isReadBy } from '@causeway/contract';
import { type PairingState, pairingState } from '../pairing/pairing-state.ts';
import { readsWith } from '../pairing/signed-reads.ts';
import type { ConnectorStore } from '../store/store.ts';
import type { SyncConfiguration } from '../tenant/tenant-client.ts';

/** What the tenant announces that decides what may be sent. */
export interface TenantTerms {
  pairing: PairingState;
  /** Withdrawals may be sent: the tenant accepts them, or the managed domain signed that it does. */
  withdrawals: boolean;
  /** The tenant accepts the sequence of a password without a record. The first release does not. */
  numbers: boolean;
  /** Epochs may be sent, for passwords of a restored forest: the tenant accepts them, or the managed domain signed that it does. */
  epochs: boolean;
}

export function tenantTerms(store: ConnectorStore, configuration: SyncConfiguration): TenantTerms {
  const reads = readsWith(store, configuration.accepts);
  return {
    pairing: pairingState(store, configuration),
    withdrawals: isReadBy(reads, 'withdrawal-1'),
    numbers: isReadBy(configuration.accepts, 'withdrawal-1'),
    epochs: EPOCH_RECORDS.every(name => isReadBy(reads, name)),
  };
}
