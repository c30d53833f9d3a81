import type { PasswordOrder } from '@causeway/credentials';
import type { Guid, Sid } from '@causeway/wire';

export const RECORD_VERSION = 1;
/** Of the account record of a cloud-only user, which has no on-premises SID. */
export const CLOUD_ACCOUNT_VERSION = 2;
/** Stands where a forest's name would in the records of cloud-only users: no DNS name can be this. */
export const CLOUD_FOREST = '(cloud-only)';
/** A record is ASCII text; the largest that every field's limit allows is smaller. */
export const MAX_RECORD_LENGTH = 16 * 1024;

export type RecordKind = 'account' | 'credential';

/** The label in the signed header that keeps the two kinds apart. */
export const RECORD_TYPES: Record<RecordKind, string> = {
  account: 'causeway-account+jws',
  credential: 'causeway-credential+jws',
};

/** Whom a record is for and where it comes from. */
export interface RecordIdentity {
  tenant: string;
  /** The DNS name of the forest, in lower case; `CLOUD_FOREST` for a cloud-only user. */
  forest: string;
}

/** What both kinds carry. */
export interface CommonFields extends RecordIdentity {
  sourceAnchor: string;
  objectGuid: Guid;
  /** Grows with every record that a signer signs: the larger of its last + 1 and the clock in microseconds. */
  sequence: number;
}

/** Who somebody is, or that the account is deleted (then the names are the last known ones). */
export interface AccountFields extends CommonFields {
  userPrincipalName: string;
  sAMAccountName: string;
  /** Null for a cloud-only user, and for no other. */
  objectSid: Sid | null;
  enabled: boolean;
  /** UTC in ISO 8601 with milliseconds (`Date.toISOString`), or null for never. */
  accountExpires: string | null;
  deleted: boolean;
}

export interface CredentialFields extends CommonFields {
  passwordOrder: PasswordOrder;
  /** The password is a temporary one, to be changed at the next sign-in. */
  mustChange: boolean;
}

/** Where the sealed part of a credential record is; with the fields above, what it is bound to. */
export interface SealingFields {
  recipientKeyId: string;
  /** Number of this record in its batch. */
  counter: number;
  /** Of the batch, in base64url. */
  encapsulation: string;
}

export interface AccountRecord extends AccountFields {
  kind: 'account';
  signerKeyId: string;
}

export interface CredentialRecord extends CredentialFields, SealingFields {
  kind: 'credential';
  signerKeyId: string;
  /** Ciphertext and tag, in base64url. */
  sealed: string;
}
