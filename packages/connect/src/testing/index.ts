export { type Misbehaviour, type PeerUser, ProvisioningPeer } from './provisioning-peer.ts';
