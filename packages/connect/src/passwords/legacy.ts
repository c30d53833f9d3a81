import { type PublicKeyInfo, publicKeyInfo } from '@causeway/records';
import type { Database } from '../store/database.ts';
import { type ConfirmedKey, confirmedKey } from '../store/pairing.ts';
import type { SyncConfiguration } from '../tenant-client.ts';

/**
 * Whether legacy credentials flow. INVARIANT: nothing is sealed but to a key whose fingerprint, computed here from the
 * key itself, is the one that an administrator confirmed.
 */
export type LegacyState =
  /** The tenant has no managed domain, and no administrator says otherwise: nobody is owed anything. */
  | { state: 'off' }
  /** It has one whose key nobody has confirmed, or another key than the confirmed one, or denies it: who is owed is recorded. */
  | { state: 'unconfirmed'; offered: PublicKeyInfo | undefined; realm: string }
  | { state: 'confirmed'; key: PublicKeyInfo; realm: string };

export function decideLegacy(
  configuration: SyncConfiguration,
  confirmed: ConfirmedKey | undefined,
): LegacyState {
  const { enabled, domain } = configuration.windowsCredentialsSyncConfig;
  if (!enabled || domain === null) {
    // While a key is confirmed, "no managed domain" is the tenant's word against an administrator's: who is owed stays owed.
    return confirmed
      ? { state: 'unconfirmed', offered: undefined, realm: confirmed.realm }
      : { state: 'off' };
  }
  const offered = offeredKey(domain.key.publicKey);
  const { realm } = domain;
  if (offered === undefined || offered.fingerprint !== confirmed?.fingerprint) {
    return { state: 'unconfirmed', offered, realm };
  }
  return { state: 'confirmed', key: offered, realm };
}

export function legacyState(db: Database, configuration: SyncConfiguration): LegacyState {
  return decideLegacy(configuration, confirmedKey(db));
}

/** What the tenant says of the fingerprint is not looked at. Undefined: it is no sealing key. */
function offeredKey(publicKey: string): PublicKeyInfo | undefined {
  try {
    return publicKeyInfo('sealing', publicKey);
  } catch {
    return undefined;
  }
}
