import { domainFingerprint, type PublicKeyInfo, publicKeyInfo } from '@causeway/records';
import type { ConfirmedKey } from '../store/confirmations.ts';
import type { Store } from '../store/store.ts';
import type { SyncConfiguration } from '../tenant/tenant-client.ts';

/** A managed domain's two keys, and the fingerprint of both, made here from the keys themselves. */
export interface DomainKeys {
  /** Records are sealed to it. */
  key: PublicKeyInfo;
  /** Receipts are signed with it. */
  receiptKey: PublicKeyInfo;
  fingerprint: string;
}

/**
 * Whether legacy credentials flow. INVARIANT: nothing is sealed but to a key whose fingerprint, computed here from the
 * keys themselves, is the one that an administrator confirmed.
 */
export type PairingState =
  /** The tenant has no managed domain, and no administrator says otherwise: nobody is owed anything. */
  | { state: 'off' }
  /** It has one whose key nobody has confirmed, or another key than the confirmed one, or denies it: who is owed is recorded. */
  | { state: 'unconfirmed'; offered: DomainKeys | undefined; realm: string }
  | ({ state: 'confirmed'; realm: string } & DomainKeys);

export function decidePairing(
  configuration: SyncConfiguration,
  confirmed: ConfirmedKey | undefined,
): PairingState {
  const { enabled, domain } = configuration.windowsCredentialsSyncConfig;
  if (!enabled || domain === null) {
    // While a key is confirmed, "no managed domain" is the tenant's word against an administrator's: who is owed stays owed.
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

/** What the tenant says of fingerprints is not looked at. Undefined: they are no such keys. */
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
