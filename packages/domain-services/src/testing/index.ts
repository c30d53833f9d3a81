export { planWrite } from '../apply/plan.ts';
export { LdbModify } from '../directory/ldb/ldb-modify.ts';
export { renderLdif } from '../directory/ldb/ldif.ts';
export { settingsObjects } from '../directory/lockout-policy.ts';
export { newAccountDescriptor } from '../directory/own-changes.ts';
export { ensureStructure, usersDn } from '../directory/structure.ts';
export { Ledger } from '../ledger/ledger.ts';
export { nameWithDigits } from '../names/made-up-name.ts';
export { ForestPeer, kerberosKeys, type Person } from './forest-peer.ts';
