import { domainFingerprint, type PublicKeyInfo, publicKeyInfo } from '@causeway/records';
import type { ConfirmedKey } from '../store/confirmations.ts';
import type { Store } from '../store/store.ts';
import type { SyncConfiguration } from '../tenant/tenant-client.ts';

/** A managed domain's two keys, and the fingerprint of both, which Connect computed from the keys themselves. */
export interface DomainKeys {
  /** Records are sealed to it. */
  key: PublicKeyInfo;
  /** Receipts are signed with it. */
  receiptKey: PublicKeyInfo;
  fingerprint: string;
}

/**
 * Whether legacy credentials flow. INVARIANT: Connect seals only to a key whose fingerprint, computed here from the keys
 * themselves, is the one that an administrator confirmed.
 */
export type PairingState =
  /** The tenant has no managed domain, and no administrator confirmed one. No user is owed. */
  | { state: 'off' }
  /** The tenant has an unconfirmed key, or another than the confirmed one, or denies the domain. Connect records who is owed. */
  | { state: 'unconfirmed'; offered: DomainKeys | undefined; realm: string }
  | ({ state: 'confirmed'; realm: string } & DomainKeys);

export function decidePairing(
  configuration: SyncConfiguration,
  confirmed: ConfirmedKey | undefined,
): PairingState {
  const { enabled, domain } = configuration.windowsCredentialsSyncConfig;
  if (!enabled || domain === null) {
    // While a key is confirmed, the tenant's "no managed domain" contradicts the administrator, so users stay owed.
    return confirmed
      ? { state: 'unconfirmed', offered: undefined, realm: confirmed.realm }
      : { state: 'off' };
  }
  const offered = offeredKeys(domain.key.publicKey, domain.receiptKey.publicKey);
  const { realm } = domain;
  if (offered === undefined || offered.fingerprint !== confirmed?.fingerprint) {
    return { state: 'unconfirmed', offered, realm };
  }
  return { state: 'confirmed', realm, ...offered };
}

export function pairingState(
  { confirmations }: Pick<Store, 'confirmations'>,
  configuration: SyncConfiguration,
): PairingState {
  return decidePairing(configuration, confirmations.managedDomain);
}

/** Ignores the fingerprints that the tenant names. Undefined if these are not valid keys. */
function offeredKeys(sealing: string, receipts: string): DomainKeys | undefined {
  try {
    return {
      key: publicKeyInfo('sealing', sealing),
      receiptKey: publicKeyInfo('signing', receipts),
      fingerprint: domainFingerprint(sealing, receipts),
    };
  } catch {
    return undefined;
  }
}
