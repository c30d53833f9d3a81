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
 * userPrincipalName, state and SID are taken from the record. The members beside it are for older releases, and count as none if they
 * differ. `onPremisesSamAccountName` is for display: the record's name may be another one, which the managed domain is to use. A name is
 * whatever the directory has. Each place decides whether it can use it, and one that it cannot use affects only that name.
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
  /** With a record that signs its digest, the whole profile. */
  profile: Profile,
  sequence: Sequence,
  /** The signed account record with the same content. */
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
  /** When the password was changed on-premises (pwdLastSet), for display. */
  changeDate: Timestamp.nullable(),
  /** `v1;PPH1_MD4,<salt>,1000,<hash>;` */
  cloudCredential: z.string().max(200),
  /** The signed part of the sealed credential record; null until a managed domain is enabled and its key confirmed. */
  record: SignedRecord.nullable(),
  /** For a password without a record, for a tenant that accepts withdrawals. Comes from the counter that numbers records. */
  sequence: Sequence.optional(),
});
export type CredentialChange = z.infer<typeof CredentialChange>;

/** Withdraws the password that was sent last. Its record holds all of it. */
export const Withdrawal = z.strictObject({ sourceAnchor: SourceAnchor, record: SignedRecord });
export type Withdrawal = z.infer<typeof Withdrawal>;

/** A verdict that does not match the contract is ignored. It affects only its own item, which is sent again. */
const Verdicts = z.strictObject({
  verdicts: z
    .array(Verdict.nullable().catch(null))
    .transform(verdicts => verdicts.filter(verdict => verdict !== null)),
});

/** The tenant's managed domain. There is at most one. */
export const RegisteredDomain = z.strictObject({
  realm: z.string().max(255),
  netbiosDomain: z.string().max(15),
  /** Records are sealed to this key. */
  key: PublicKey,
  /** This key signs receipts. */
  receiptKey: PublicKey,
  registeredAt: Timestamp,
});
export type RegisteredDomain = z.infer<typeof RegisteredDomain>;

/** What the tenant reports about its managed domain. Connect trusts the keys only after an administrator confirmed them. */
export const WindowsCredentialsSyncConfig = z.strictObject({
  enabled: z.boolean(),
  domain: RegisteredDomain.nullable(),
});
export type WindowsCredentialsSyncConfig = z.infer<typeof WindowsCredentialsSyncConfig>;

/** Number of buckets for a forest's users. It never changes. The first byte of the SHA-256 of the source anchor selects the bucket. */
export const COMPARED_BUCKETS = 256;
/** Most lines in one answer. */
export const MAX_LINES = 2000;

const Bucket = z
  .int()
  .nonnegative()
  .max(COMPARED_BUCKETS - 1);
export const Buckets = z.array(Bucket).max(COMPARED_BUCKETS);

/** The digests of all buckets, 16 bytes each, concatenated (docs/formats.md, *Comparing*). */
export const BucketDigests = z.string().regex(/^[A-Za-z0-9_-]{5462}$/, '4,096 bytes in base64url');

/**
 * How far a tenant's changes got, under its own seal. Whoever presents a mark that the tenant has not reached (any more) proves that the
 * tenant lost changes. Only the tenant reads it.
 */
export const Mark = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9._-]+$/, 'a mark that the tenant gave out');

/** What the tenant has of one user of a forest. */
export const TenantLine = z.strictObject({
  sourceAnchor: SourceAnchor,
  accountSequence: Sequence,
  /** Of the stored credential record or withdrawal; 0 without one. */
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
      /** Records that the tenant accepts beyond those of the first release. Only for a Connect that announced what it reads. */
      accepts: RecordNames.optional(),
      /** What the managed domain announced last. Only with `accepts`, and if there is one. */
      domainAccepts: RecordNames.optional(),
      /** Other running starts of this Connect. Only for one that reports its start, and absent if there are none. */
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
      /** Shared by all records in the batch; null if there is none. */
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
      /** The last mark that this tenant issued. */
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
      /** The last anchor of the previous answer; empty for the first. */
      after: z.union([SourceAnchor, z.literal('')]),
    }),
    reply: z.strictObject({ lines: z.array(TenantLine).max(MAX_LINES), more: z.boolean() }),
  }),
};
