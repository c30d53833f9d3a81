import { z } from 'zod';
import {
  Empty,
  Encapsulation,
  Forest,
  MAX_BATCH,
  ObjectGuid,
  PasswordOrder,
  PublicKey,
  Sequence,
  SignedHead,
  SignedReceipt,
  SignedRecord,
  SourceAnchor,
  Timestamp,
  text,
  Verdict,
} from '../common.ts';
import { RecordNames } from '../http/accepts.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { Profile } from './profile.ts';

/**
 * userPrincipalName, state and SID are taken from the record; beside it they are for releases before, and are none where they differ.
 * `onPremisesSamAccountName` is shown: the record's may be another one, by which the managed domain is to call the account. A name is
 * whatever the directory has: whether it serves is each place's own to say, and costs that name alone.
 */
export const ObjectUpsert = z.strictObject({
  operation: z.literal('upsert'),
  sourceAnchor: SourceAnchor,
  objectGuid: ObjectGuid,
  userPrincipalName: text(1024).nullable(),
  onPremisesSamAccountName: text(256).nullable(),
  onPremisesSecurityIdentifier: text(184),
  accountEnabled: z.boolean(),
  accountExpires: Timestamp.nullable(),
  /** Beside a record that signs its digest it is all of the profile. */
  profile: Profile,
  sequence: Sequence,
  /** The signed account record that says the same. */
  record: SignedRecord,
});
export const ObjectDelete = z.strictObject({
  operation: z.literal('delete'),
  sourceAnchor: SourceAnchor,
  sequence: Sequence,
  record: SignedRecord,
});
export const ObjectChange = z.discriminatedUnion('operation', [ObjectUpsert, ObjectDelete]);
export type ObjectChange = z.infer<typeof ObjectChange>;

export const CredentialChange = z.strictObject({
  sourceAnchor: SourceAnchor,
  passwordOrder: PasswordOrder,
  /** When the password was changed on-premises (pwdLastSet), for people to read. */
  changeDate: Timestamp.nullable(),
  /** `v1;PPH1_MD4,<salt>,1000,<hash>;` */
  cloudCredential: z.string().max(200),
  /** What is signed of the sealed credential record; null until a managed domain is enabled and its key confirmed. */
  record: SignedRecord.nullable(),
  /** Beside a password without a record, for a tenant that takes withdrawals: of the counter that numbers records. */
  sequence: Sequence.optional(),
});
export type CredentialChange = z.infer<typeof CredentialChange>;

/** Takes away the password that was sent last: all that it says is in its record. */
export const Withdrawal = z.strictObject({ sourceAnchor: SourceAnchor, record: SignedRecord });
export type Withdrawal = z.infer<typeof Withdrawal>;

/** A verdict that is not as agreed is passed over: it costs its own item alone, which is sent again. */
const Verdicts = z.strictObject({
  verdicts: z
    .array(Verdict.nullable().catch(null))
    .transform(verdicts => verdicts.filter(verdict => verdict !== null)),
});

/** The managed domain that a tenant has: there is one at most. */
export const RegisteredDomain = z.strictObject({
  realm: z.string().max(255),
  netbiosDomain: z.string().max(15),
  /** Records are sealed to it. */
  key: PublicKey,
  /** Signs receipts. */
  receiptKey: PublicKey,
  registeredAt: Timestamp,
});
export type RegisteredDomain = z.infer<typeof RegisteredDomain>;

/** What the tenant says about its managed domain; the keys are believed only once an administrator confirmed them. */
export const WindowsCredentialsSyncConfig = z.strictObject({
  enabled: z.boolean(),
  domain: RegisteredDomain.nullable(),
});
export type WindowsCredentialsSyncConfig = z.infer<typeof WindowsCredentialsSyncConfig>;

/** Into so many parts a forest's users are told apart, for ever: by the first byte of the SHA-256 of the source anchor. */
export const COMPARED_BUCKETS = 256;
/** Lines of one answer. */
export const MAX_LINES = 2000;

const Bucket = z
  .int()
  .nonnegative()
  .max(COMPARED_BUCKETS - 1);
export const Buckets = z.array(Bucket).max(COMPARED_BUCKETS);

/** The digests of all buckets, 16 bytes each, one after the other (docs/formats.md, *Comparing*). */
export const BucketDigests = z.string().regex(/^[A-Za-z0-9_-]{5462}$/, '4,096 bytes in base64url');

/**
 * How far a tenant's changes went, under its own seal: whoever shows one that the tenant has not reached any more proves that the tenant
 * lost changes. Nobody but the tenant reads it.
 */
export const Mark = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9._-]+$/, 'a mark that the tenant gave out');

/** What the tenant has of one user of a forest. */
export const TenantLine = z.strictObject({
  sourceAnchor: SourceAnchor,
  accountSequence: Sequence,
  /** Of the credential record or withdrawal that it has; 0 without one. */
  credentialSequence: Sequence,
  passwordOrder: PasswordOrder.nullable(),
  withdrawn: z.boolean(),
});
export type TenantLine = z.infer<typeof TenantLine>;

export const synchronizationRoutes = {
  getSyncConfiguration: route({
    method: 'GET',
    path: '/api/v1/sync/configuration',
    access: ['connect'],
    staging: true,
    summary: 'what Connect has to know: the tenant and its managed domain',
    reply: z.strictObject({
      tenantId: z.uuid(),
      tenantName: z.string(),
      /** An older Connect is refused ('agent-too-old'). */
      minimumAgentVersion: z.string(),
      windowsCredentialsSyncConfig: WindowsCredentialsSyncConfig,
      /** Records that the tenant takes beyond those of the first release; only for a Connect that announced what it reads itself. */
      accepts: RecordNames.optional(),
      /** What the managed domain announced last; only beside `accepts`, and where there is one. */
      domainAccepts: RecordNames.optional(),
      /** Other starts of this Connect that go on beside it; only for one that says which start it is, and absent without any. */
      otherRuns: SeenRuns.optional(),
    }),
  }),
  exportObjects: route({
    method: 'POST',
    path: '/api/v1/sync/objects',
    access: ['connect'],
    summary:
      'creates, updates and deletes synchronized users by source anchor; idempotent; a verdict an item',
    body: z.strictObject({ forest: Forest, changes: z.array(ObjectChange).min(1).max(MAX_BATCH) }),
    reply: Verdicts,
  }),
  exportCredentials: route({
    method: 'POST',
    path: '/api/v1/sync/credentials',
    access: ['connect'],
    summary: 'sets cloud credentials and credential records; idempotent; a verdict an item',
    body: z.strictObject({
      forest: Forest,
      /** Of all records in it; null where there is none. */
      encapsulation: Encapsulation.nullable(),
      changes: z.array(CredentialChange).min(1).max(MAX_BATCH),
    }),
    reply: Verdicts,
  }),
  exportWithdrawals: route({
    method: 'POST',
    path: '/api/v1/sync/withdrawals',
    access: ['connect'],
    summary: 'takes passwords away; idempotent; a verdict an item',
    body: z.strictObject({ forest: Forest, changes: z.array(Withdrawal).min(1).max(MAX_BATCH) }),
    reply: Verdicts,
  }),
  reportConnectStatus: route({
    method: 'POST',
    path: '/api/v1/sync/status',
    access: ['connect'],
    summary: 'heartbeat of a forest: last cycle, queue, who is owed',
    body: z.strictObject({
      forest: Forest,
      lastObjectCycleAt: Timestamp.nullable(),
      lastPasswordCycleAt: Timestamp.nullable(),
      queued: z.int().nonnegative(),
      owed: z.int().nonnegative(),
      quarantined: z.int().nonnegative(),
    }),
    reply: Empty,
  }),
  putHead: route({
    method: 'PUT',
    path: '/api/v1/sync/head',
    access: ['connect'],
    summary:
      "what the tenant has of a forest, signed for the managed domain; answered with the managed domain's receipt",
    body: z.strictObject({ forest: Forest, head: SignedHead }),
    reply: z.strictObject({ receipt: SignedReceipt.nullable() }),
  }),
  compareForest: route({
    method: 'POST',
    path: '/api/v1/sync/compare',
    access: ['connect'],
    summary: 'which buckets of a forest the tenant has otherwise than Connect says',
    body: z.strictObject({
      forest: Forest,
      buckets: BucketDigests,
      /** The last one that this tenant gave out. */
      mark: Mark.nullable(),
    }),
    reply: z.strictObject({ differing: Buckets, mark: Mark.nullable() }),
  }),
  readLines: route({
    method: 'POST',
    path: '/api/v1/sync/lines',
    access: ['connect'],
    summary: 'what the tenant has of the users of some buckets, in the order of the bytes of their anchors',
    body: z.strictObject({
      forest: Forest,
      buckets: Buckets.min(1),
      /** The last anchor of the answer before; empty for the first. */
      after: z.union([SourceAnchor, z.literal('')]),
    }),
    reply: z.strictObject({ lines: z.array(TenantLine).max(MAX_LINES), more: z.boolean() }),
  }),
};
