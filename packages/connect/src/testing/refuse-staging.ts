import type { ProvisioningPeer } from './provisioning-peer.ts';

/** What a Connect that stages asks the tenant for. */
export const READS: readonly string[] = [
  '/enrol',
  '/token',
  '/api/v1/sync/standing',
  '/api/v1/sync/configuration',
];
const REFUSED = { status: 403, json: { error: { code: 'staging', message: 'this Connect stages' } } };

/** A tenant to which the Connect stages: it refuses whatever one that stages may not ask for. */
export function refuseStaging(peer: ProvisioningPeer): void {
  peer.staging = true;
  peer.misbehave = path => (READS.includes(path) ? undefined : REFUSED);
}
