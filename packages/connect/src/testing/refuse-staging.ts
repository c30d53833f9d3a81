import type { ProvisioningPeer } from './provisioning-peer.ts';

/** What a Connect that stages asks the tenant for. */
export const READS: readonly string[] = [
  '/enrol',
  '/token',
  '/api/v1/sync/standing',
  '/api/v1/sync/configuration',
];
const REFUSED = { status: 403, json: { error: { code: 'staging', message: 'this Connect stages' } } };

/** Makes the tenant treat the Connect as staging and refuse every other request. */
export function refuseStaging(peer: ProvisioningPeer): void {
  peer.staging = true;
  peer.misbehave = path => (READS.includes(path) ? undefined : REFUSED);
}
