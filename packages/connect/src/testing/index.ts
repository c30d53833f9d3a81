export { ask } from '../commands/at-hand.ts';
export { loadConnectConfiguration } from '../configuration.ts';
export { SLICES_IN_FLIGHT } from '../passwords/send-pages.ts';
export { ConnectPlace, type ConnectSnapshot } from './connect-place.ts';
export type { ForestGroup, ForestMember } from './forest-groups.ts';
export type { ForestPerson } from './forest-person.ts';
export type { PeerUser } from './peer-lines.ts';
export { type Misbehaviour, ProvisioningPeer } from './provisioning-peer.ts';
export { ScriptedForest } from './scripted-forest.ts';
