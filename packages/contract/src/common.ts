import { z } from 'zod';

/** The body of every answer that is not 2xx. `message` is for people and never holds a secret. */
export const ErrorReply = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string() }),
});
export type ErrorReply = z.infer<typeof ErrorReply>;

export const Timestamp = z.iso.datetime();
export const Empty = z.strictObject({});

/** Whether every database and JSON parser accepts this text: well-formed Unicode without U+0000. */
export const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes('\0');

export const text = (most: number): z.ZodString =>
  z.string().max(most).refine(isStorable, 'well-formed text without U+0000');

/** How an administrator names a user: by id, userPrincipalName or source anchor. */
export const UserText = text(1024).min(1);

/** Base64 of the on-premises object's anchor (objectGUID by default): immutable, case-sensitive. */
export const SourceAnchor = z
  .string()
  .max(60)
  .regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces');
/** The forest's DNS name in lower case, `corp.example.com`. */
export const Forest = z
  .string()
  .max(255)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, 'a DNS name in lower case');
export const ObjectGuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a GUID in lower case');
export const UserPrincipalName = text(1024).regex(/^[^@\s]+@[^@\s]+$/, 'a name of the form name@domain');
/** The same as the tenant shows it: empty if the user's forest never sent one. */
export const ShownPrincipalName = UserPrincipalName.or(z.literal(''));
/** JWS compact. */
const signedText = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, 'three base64url parts');
/** A signed record. Its bytes are relayed unchanged. See docs/formats.md. */
export const SignedRecord = signedText(16_384);
/** Accompanies the credential records of a batch; each of them signs its digest. See docs/formats.md, *Sealing*. */
export const Encapsulation = z
  .string()
  .max(2048)
  .regex(/^[A-Za-z0-9_-]+$/, 'base64url');
/** A whole credential record: the signed part, a tilde, the encapsulation of its batch. */
export const CredentialRecord = z
  .string()
  .max(16_384)
  .regex(
    /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+~[A-Za-z0-9_-]+$/,
    'three base64url parts, a tilde and a fourth',
  );
/** What the tenant has of a forest according to Connect: signed, and relayed unchanged. With groups it is longer than a record. */
export const SignedHead = signedText(24_576);
/** The managed domain's answer to a head. It may list 2,000 single users, and as many groups and slices. */
export const SignedReceipt = signedText(720_896);
export const Sequence = z.int().nonnegative();

/** Replication metadata of unicodePwd. Compared by epoch first, then as AD does. */
export const PasswordOrder = z.strictObject({
  /** Set for a forest that was restored. Sent to a tenant that announced `credential-3`. */
  epoch: z.int().positive().optional(),
  version: z.int().nonnegative().max(0xffff_ffff),
  /** Seconds since 1601-01-01 UTC. */
  originatingTime: z.int().nonnegative(),
  originatingInvocationId: ObjectGuid,
});
export type PasswordOrder = z.infer<typeof PasswordOrder>;

/** A public key as `records` shows it. The administrator compares and confirms the fingerprint. */
export const PublicKey = z.strictObject({
  keyId: text(64).min(1),
  publicKey: z.base64url().max(4096),
  fingerprint: text(200).min(1),
});
export type PublicKey = z.infer<typeof PublicKey>;

/** The outcome for one item of a batch. */
export const Verdict = z.strictObject({
  sourceAnchor: SourceAnchor,
  /** `retry`: send it again later; `refused`: it will not be accepted as it is. */
  verdict: z.enum(['applied', 'unchanged', 'refused', 'retry']),
  code: z
    .enum([
      'unknown-user',
      'unknown-group',
      'attribute-value-must-be-unique',
      'older-password-order',
      'older-sequence',
      // These two come from a tenant of an older release, for which an anchor belonged to one user only.
      'other-forest',
      'not-synchronized',
      'record-mismatch',
      'invalid',
    ])
    .optional()
    // An unknown code of a newer tenant counts as none.
    .catch(undefined),
  reason: z.string().optional(),
});
export type Verdict = z.infer<typeof Verdict>;
/** Whether the tenant now has the item's state. */
export const isDone = ({ verdict }: Pick<Verdict, 'verdict'>): boolean =>
  verdict === 'applied' || verdict === 'unchanged';
export type VerdictCode = NonNullable<Verdict['code']>;

/** The largest batch of a provisioning call, in items. */
export const MAX_BATCH = 500;
