export { openCredentialRecord } from './open.ts';
export { normalizeFingerprint, type PublicKeyInfo, publicKeyInfo } from './public-key.ts';
export {
  type AccountFields,
  type AccountRecord,
  CLOUD_FOREST,
  type CredentialFields,
  type CredentialRecord,
  MAX_RECORD_LENGTH,
  type RecordIdentity,
  type RecordKind,
} from './record.ts';
export { REFUSAL_REASONS, type Refusal, type Refused } from './refusal.ts';
export type { CredentialSecret } from './sealed-secret.ts';
export {
  exportSealingKey,
  generateSealingKey,
  importSealingKey,
  type SealingKey,
  sealingPublicKey,
} from './sealing-key.ts';
export { CredentialSealer, signAccountRecord } from './sign.ts';
export {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type SigningKey,
  signingPublicKey,
} from './signing-key.ts';
export { peekRecord, type RecordPeek, type TrustedSigner, verifyRecord } from './verify.ts';
