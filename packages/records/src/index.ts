export {
  BUCKETS,
  type Bucket,
  bucketDigest,
  bucketOf,
  DIGEST_LENGTH,
  differingBuckets,
  type Entry,
  type ForestSummary,
  packBuckets,
  summarizeBucket,
  summarizeForest,
} from './buckets.ts';
export { encapsulationDigest, joinEncapsulation } from './encapsulation.ts';
export { openCredentialRecord } from './open.ts';
export { encodableAccount, NULL_SID } from './payload.ts';
export { domainFingerprint, normalizeFingerprint, type PublicKeyInfo, publicKeyInfo } from './public-key.ts';
export {
  type AccountFields,
  type AccountRecord,
  CLOUD_FOREST,
  type CredentialFields,
  type CredentialRecord,
  type Head,
  type HeadFields,
  MAX_ENTRIES,
  MAX_NOT_WRITTEN,
  MAX_RECEIPT_LENGTH,
  MAX_RECORD_LENGTH,
  NAMELESS_ACCOUNT_VERSION,
  type NamedAccountRecord,
  type Receipt,
  type ReceiptFields,
  type RecordIdentity,
  type RecordKind,
  WITHDRAWAL_REASONS,
  type WithdrawalFields,
  type WithdrawalReason,
  type WithdrawalRecord,
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
export { CredentialSealer, signAccountRecord, signWithdrawal } from './sign.ts';
export {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type SigningKey,
  signingPublicKey,
} from './signing-key.ts';
export { peekHead, peekReceipt, signHead, signReceipt, verifyHead, verifyReceipt } from './statement.ts';
export { peekRecord, type RecordPeek, recordName, type TrustedSigner, verifyRecord } from './verify.ts';
