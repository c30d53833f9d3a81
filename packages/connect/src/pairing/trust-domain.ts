import { normalizeFingerprint } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { ConfirmedKey } from '../store/confirmations.ts';
import type { Store } from '../store/store.ts';
import type { TenantClient } from '../tenant/tenant-client.ts';
import { pairingState } from './pairing-state.ts';

/**
 * Trusts the managed domain whose fingerprint an administrator compared.
 * @throws CausewayError 'bad-fingerprint', 'no-managed-domain', 'fingerprint-differs'; CallError
 */
export async function trustDomain(
  { store, tenant }: { readonly store: Store; readonly tenant: TenantClient },
  text: string,
): Promise<ConfirmedKey> {
  const fingerprint = normalizeFingerprint(text);
  if (fingerprint === undefined) {
    throw new CausewayError(
      'bad-fingerprint',
      `a fingerprint of 13 groups of 4 characters expected, got '${text}'`,
    );
  }
  const pairing = pairingState(store, await tenant.configuration(true, 1));
  if (pairing.state === 'off') {
    throw new CausewayError('no-managed-domain', 'the tenant has no managed domain');
  }
  const offered = pairing.state === 'confirmed' ? pairing : pairing.offered;
  if (offered?.fingerprint !== fingerprint) {
    throw new CausewayError(
      'fingerprint-differs',
      `the tenant offers a managed domain with fingerprint ${offered?.fingerprint ?? 'none that can be read'}, not ${fingerprint}`,
    );
  }
  const { key, receiptKey } = offered;
  const confirmed = store.confirmations.confirmDomain({
    ...{ fingerprint, keyId: key.keyId, publicKey: key.publicKey },
    ...{ receiptKey: receiptKey.publicKey, realm: pairing.realm },
  });
  const what = `the keys of the managed domain ${pairing.realm} are trusted: ${fingerprint}`;
  store.events.add('managedDomain', null, what);
  return confirmed;
}

/** @returns false if none was trusted */
export function untrustDomain({ confirmations, events }: Store): boolean {
  const withdrawn = confirmations.withdrawDomain();
  if (withdrawn) {
    const what = "the managed domain's key is trusted no more: nothing is sealed to it";
    events.add('managedDomainChanged', null, what);
  }
  return withdrawn;
}
