export { ForestPeer, kerberosKeys, type Person } from './forest-peer.ts';
