import type { PasswordOrder } from '@causeway/credentials';
import type { Guid, Sid } from '@causeway/wire';

export const RECORD_VERSION = 1;
/** Version 1 carried the encapsulation itself. */
export const CREDENTIAL_VERSION = 2;
/** Of the account record of a cloud-only user, which has no on-premises SID. */
export const CLOUD_ACCOUNT_VERSION = 2;
/** Of the account record of somebody one of whose names, or both, cannot be written in a record. */
export const NAMELESS_ACCOUNT_VERSION = 3;
/** Stands where a forest's name would in the records of cloud-only users: no DNS name can be this. */
export const CLOUD_FOREST = '(cloud-only)';
/** A record is ASCII text; the largest that every field's limit allows is smaller. */
export const MAX_RECORD_LENGTH = 16 * 1024;

/** What is said of one user. */
export type RecordKind = 'account' | 'credential' | 'withdrawal';
/** What is said of a whole forest: by its Connect, and by the managed domain in answer to that. */
export type StatementKind = 'head' | 'receipt';
export type SignedKind = RecordKind | StatementKind;

/** The label in the signed header that keeps the kinds apart. */
export const RECORD_TYPES: Record<SignedKind, string> = {
  account: 'causeway-account+jws',
  credential: 'causeway-credential+jws',
  withdrawal: 'causeway-withdrawal+jws',
  head: 'causeway-head+jws',
  receipt: 'causeway-receipt+jws',
};

/** Whom a record is for and where it comes from. */
export interface RecordIdentity {
  tenant: string;
  /** The DNS name of the forest, in lower case; `CLOUD_FOREST` for a cloud-only user. */
  forest: string;
}

/** What all kinds carry. */
export interface CommonFields extends RecordIdentity {
  /** Grows with everything that a key signs: the larger of its last + 1 and the clock in microseconds. */
  sequence: number;
}

/** What is said of one user carries. */
export interface UserFields extends CommonFields {
  sourceAnchor: string;
  objectGuid: Guid;
}

/** Who somebody is, or that the account is deleted (then the names are the last known ones). */
export interface AccountFields extends UserFields {
  /** Null where it cannot be written (`encodableAccount`): the reader keeps the one that it has. */
  userPrincipalName: string | null;
  /** Null as above. */
  sAMAccountName: string | null;
  /** Null for a cloud-only user, and for no other. */
  objectSid: Sid | null;
  enabled: boolean;
  /** UTC in ISO 8601 with milliseconds (`Date.toISOString`), or null for never. */
  accountExpires: string | null;
  deleted: boolean;
}

export interface CredentialFields extends UserFields {
  passwordOrder: PasswordOrder;
  /** The password is a temporary one, to be changed at the next sign-in. */
  mustChange: boolean;
}

/** Why nobody may sign in with the password that was sent last, until another one is. */
export const WITHDRAWAL_REASONS = ['must-change', 'smart-card', 'empty-password', 'scope'] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

/** Takes the credential before it away. It has no secret, and so no recipient. */
export interface WithdrawalFields extends UserFields {
  /** The newest order that the signer knows of. */
  passwordOrder: PasswordOrder;
  reason: WithdrawalReason;
}

/** Where the sealed part of a credential record is; with the fields above, what it is bound to. */
export interface SealingFields {
  recipientKeyId: string;
  /** Number of this record in its batch. */
  counter: number;
  /** `encapsulationDigest` of the batch's encapsulation, which goes beside what is signed. */
  encapsulationDigest: string;
}

export interface AccountRecord extends AccountFields {
  kind: 'account';
  signerKeyId: string;
}

/** Of somebody whose names both are there. */
export type NamedAccountRecord = AccountRecord & { userPrincipalName: string; sAMAccountName: string };

export interface CredentialRecord extends CredentialFields, SealingFields {
  kind: 'credential';
  signerKeyId: string;
  /** Ciphertext and tag, in base64url. */
  sealed: string;
  /** Of the batch, in base64url. */
  encapsulation: string;
}

export interface WithdrawalRecord extends WithdrawalFields {
  kind: 'withdrawal';
  signerKeyId: string;
}

/** Pairs that a receipt tells one by one, and records that it names as not written. */
export const MAX_ENTRIES = 2000;
export const MAX_NOT_WRITTEN = 200;
/** Of a receipt, in characters: its pairs take most of it. */
export const MAX_RECEIPT_LENGTH = 352 * 1024;

/** What a forest's Connect says that the tenant has of the forest: nothing may be missing, and nothing be more. */
export interface HeadFields extends CommonFields {
  /** When it was so. UTC in ISO 8601 with milliseconds, as all times here. */
  time: string;
  accounts: number;
  credentials: number;
  /** `packBuckets` of the digests. */
  buckets: string;
}

/** What the managed domain answers: how far it agrees with the forest's head. */
export interface ReceiptFields extends CommonFields {
  time: string;
  /** The head that was compared last. */
  headSequence: number;
  headTime: string;
  /** Everything that the forest said until then has arrived; null: not yet. */
  completeAsOf: string | null;
  /** Since when there has been a difference that nothing explains, where it has lasted too long; else null. */
  alarmSince: string | null;
  /** What the managed domain has of the forest. */
  accounts: number;
  credentials: number;
  /** The buckets that are not as the head says. */
  differing: readonly number[];
  /** The users of so many of them, the first ones, are all in `entries`. */
  listed: number;
  /** Anchor, sequence of the account record, sequence of the credential record or 0. */
  entries: readonly (readonly [string, number, number])[];
  /** Anchor, kind of record and code of the refusal: what came and was not written. */
  notWritten: readonly (readonly [string, string, string])[];
}

export interface Head extends HeadFields {
  kind: 'head';
  signerKeyId: string;
}

export interface Receipt extends ReceiptFields {
  kind: 'receipt';
  signerKeyId: string;
}
