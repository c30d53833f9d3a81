export { type Age, ageOf, type Dated } from './age.ts';
export {
  BUCKETS,
  type Bucket,
  bucketDigest,
  bucketOf,
  DIGEST_LENGTH,
  differingBuckets,
  type Entry,
  type ForestSummary,
  type GroupEntry,
  type GroupSummary,
  groupBucketDigest,
  groupBucketOf,
  groupLineDigests,
  groupLineKey,
  type Line,
  lineDigest,
  linesDigest,
  packBuckets,
  summarizeBucket,
  summarizeForest,
  summarizeGroups,
} from './buckets.ts';
export { encapsulationDigest, joinEncapsulation } from './encapsulation.ts';
export {
  type AccountFields,
  type AccountRecord,
  encodableAccount,
  NULL_SID,
} from './kinds/account.ts';
export type { CredentialFields, CredentialRecord } from './kinds/credential.ts';
export { CLOUD_FOREST } from './kinds/fields.ts';
export {
  encodableGroup,
  GROUP_SCOPES,
  type GroupFields,
  type GroupRecord,
  type GroupScope,
} from './kinds/group.ts';
export { type Head, type HeadFields, MAX_HEAD_LENGTH } from './kinds/head.ts';
export { MAX_RECORD_LENGTH } from './kinds/kind.ts';
export type { RecordKind } from './kinds/kinds.ts';
export type { MembersFields, MembersRecord } from './kinds/members.ts';
export {
  MAX_ENTRIES,
  MAX_NOT_WRITTEN,
  MAX_RECEIPT_LENGTH,
  type Receipt,
  type ReceiptFields,
} from './kinds/receipt.ts';
export {
  WITHDRAWAL_REASONS,
  type WithdrawalFields,
  type WithdrawalReason,
  type WithdrawalRecord,
} from './kinds/withdrawal.ts';
export { openCredentialRecord } from './open.ts';
export { canonicalProfile, profileDigest } from './profile.ts';
export { domainFingerprint, normalizeFingerprint, type PublicKeyInfo, publicKeyInfo } from './public-key.ts';
export { REFUSAL_REASONS, type Refusal, type Refused } from './refusal.ts';
export { CredentialSealer } from './seal.ts';
export type { CredentialSecret } from './sealed-secret.ts';
export {
  exportSealingKey,
  generateSealingKey,
  importSealingKey,
  type SealingKey,
  sealingPublicKey,
} from './sealing-key.ts';
export {
  signAccountRecord,
  signGroupRecord,
  signHead,
  signMembers,
  signReceipt,
  signWithdrawal,
} from './sign.ts';
export {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type SigningKey,
  signingPublicKey,
} from './signing-key.ts';
export {
  bitsOf,
  coversEverybody,
  decidingSlice,
  divideMembers,
  isBelow,
  keyRange,
  liveSlices,
  MAX_PREFIX_LENGTH,
  memberKey,
  prefixesOf,
  referenceToForest,
  type Slice,
} from './slices.ts';
export {
  type AnyGroupRecord,
  peekGroupRecord,
  peekHead,
  peekReceipt,
  peekRecord,
  recordName,
  type TrustedSigner,
  verifyGroupRecord,
  verifyHead,
  verifyReceipt,
  verifyRecord,
} from './verify.ts';
