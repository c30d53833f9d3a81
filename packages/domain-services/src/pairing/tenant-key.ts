import { call, type Send } from '@causeway/api';
import { managedDomainRoutes } from '@causeway/contract';
import { CLOUD_FOREST, type PublicKeyInfo, publicKeyInfo } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { TrustedAgent } from '../ledger/agent-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { checkedFingerprint } from './trust.ts';

/** The tenant's own key, which signs the records of cloud-only users, if one is pinned. */
export function pinnedTenantKey(ledger: Ledger): TrustedAgent | undefined {
  return ledger.agents.list().find(({ forest }) => forest === CLOUD_FOREST);
}

/** The fingerprint of another key that the tenant shows now, which waits for an administrator. */
export function offeredTenantKey(ledger: Ledger): string | undefined {
  return ledger.state.get('offeredTenantKey') || undefined;
}

/**
 * Asks the tenant for its own key and pins it if it is the first. INVARIANT: the key is pinned for cloud-only users alone, and a later one
 * is not believed until an administrator confirms it.
 * @returns the outcome
 * @throws CallError; CausewayError 'tenant-key-unusable'
 */
export async function learnTenantKey(
  ledger: Ledger,
  send: Send,
  signal?: AbortSignal,
): Promise<'known' | 'pinned' | 'changed'> {
  const key = await readTenantKey(send, signal);
  const pinned = pinnedTenantKey(ledger);
  if (pinned === undefined) {
    pin(ledger, key, 'pin-tenant-key', 'the first that the tenant showed');
    return 'pinned';
  }
  const changed = pinned.publicKey !== key.publicKey;
  ledger.state.set('offeredTenantKey', changed ? key.fingerprint : '');
  return changed ? 'changed' : 'known';
}

/**
 * Trusts the tenant's key with this fingerprint from now on, and its previous key no longer.
 * @throws CausewayError 'bad-fingerprint', 'fingerprint-differs' or 'key-id-taken'
 */
export async function trustTenant(ledger: Ledger, send: Send, fingerprintText: string): Promise<string> {
  const fingerprint = checkedFingerprint(fingerprintText);
  const key = await readTenantKey(send);
  if (key.fingerprint !== fingerprint) {
    throw new CausewayError(
      'fingerprint-differs',
      `the tenant's own key has the fingerprint ${key.fingerprint}, not ${fingerprint}`,
    );
  }
  const before = pinnedTenantKey(ledger);
  pin(ledger, key, 'trust-tenant', before ? `instead of ${before.fingerprint}` : 'none before');
  return fingerprint;
}

async function readTenantKey(send: Send, signal?: AbortSignal): Promise<PublicKeyInfo> {
  const { key } = await call(send, managedDomainRoutes.readTenantKey, signal ? { signal } : {});
  try {
    // Only the key itself counts. Its id and fingerprint are computed here.
    return publicKeyInfo('signing', key.publicKey);
  } catch (cause) {
    throw new CausewayError('tenant-key-unusable', "the tenant's own key is no signing key", { cause });
  }
}

function pin(
  ledger: Ledger,
  key: PublicKeyInfo,
  action: 'pin-tenant-key' | 'trust-tenant',
  detail: string,
): void {
  // If a Connect's key had the same key id, one of the two could sign for the other.
  if (ledger.agents.list().some(known => known.keyId === key.keyId && known.forest !== CLOUD_FOREST)) {
    throw new CausewayError(
      'key-id-taken',
      `the tenant shows a key with the key id ${key.keyId} as its own, which a trusted Connect's key has too`,
    );
  }
  const at = ledger.timestamp();
  const before = pinnedTenantKey(ledger);
  // Resets the feed first, as `trustAgent` does.
  ledger.transaction(() => {
    ledger.state.set('offeredTenantKey', '');
    ledger.state.set('cursor', '');
    ledger.audit.add({ action, subject: key.fingerprint, detail });
  });
  ledger.agents.trust({ ...key, forest: CLOUD_FOREST, trustedAt: at }, before && [before]);
}
