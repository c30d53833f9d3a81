export { LdbModify } from '../directory/ldb-modify.ts';
export { ForestPeer, kerberosKeys, type Person } from './forest-peer.ts';
