import { call, type Send } from '@causeway/api';
import { managedDomainRoutes } from '@causeway/contract';
import { CLOUD_FOREST, type PublicKeyInfo, publicKeyInfo } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { TrustedAgent } from '../ledger/agent-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { checkedFingerprint } from './trust.ts';

/** The tenant's own key that cloud-only users' records are believed of, if one is pinned. */
export function pinnedTenantKey(ledger: Ledger): TrustedAgent | undefined {
  return ledger.agents.list().find(({ forest }) => forest === CLOUD_FOREST);
}

/** The fingerprint of another key that the tenant shows now, which waits for an administrator. */
export function offeredTenantKey(ledger: Ledger): string | undefined {
  return ledger.state.get('offeredTenantKey') || undefined;
}

/**
 * Asks the tenant for its own key and pins it when it is the first. INVARIANT: it is pinned for cloud-only users
 * alone, and another one later is not believed until an administrator confirms it.
 * @returns what happened that somebody should know
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
 * Believes the tenant's key of this fingerprint from now on, and the one before no more.
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
    // Only the key itself counts: its id and its fingerprint are computed here.
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
  // A key id that a Connect's key has too would let one of the two sign for the other.
  if (ledger.agents.list().some(known => known.keyId === key.keyId && known.forest !== CLOUD_FOREST)) {
    throw new CausewayError(
      'key-id-taken',
      `the tenant shows a key with the key id ${key.keyId} as its own, which a trusted Connect's key has too`,
    );
  }
  const at = ledger.timestamp();
  const before = pinnedTenantKey(ledger);
  // The feed first, as in `trustAgent`.
  ledger.transaction(() => {
    ledger.state.set('offeredTenantKey', '');
    ledger.state.set('cursor', '');
    ledger.audit.add({ action, subject: key.fingerprint, detail });
  });
  ledger.agents.trust({ ...key, forest: CLOUD_FOREST, trustedAt: at }, before && [before]);
}
