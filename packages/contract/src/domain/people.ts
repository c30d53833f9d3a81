import { z } from 'zod';
import { PasswordOrder, Timestamp } from '../common.ts';

/** A person is forest and anchor; `(cloud-only)` is the forest of cloud-only people. */
const PERSON = { forest: z.string(), anchor: z.string() };

/** A forest as it is typed. */
export const ForestText = z.string().max(255);

/** What an administrator calls a user of the managed domain: a name there, or the source anchor. */
export const PersonText = z.string().min(1).max(1024);

/** What was done, in words. */
export const Done = z.strictObject({
  message: z.string(),
  /** Of a block or its end: the account in the directory is so already. */
  applied: z.boolean().optional(),
});
export type Done = z.infer<typeof Done>;

/** What is known of one person: what they are pinned to and what was written last. Outlives the account. */
export const ManagedAccount = z.strictObject({
  ...PERSON,
  objectGuid: z.string(),
  /** Sequences of the records written last; null when none was. */
  accountSequence: z.int().nullable(),
  credentialSequence: z.int().nullable(),
  passwordOrder: PasswordOrder.nullable(),
  hasCredential: z.boolean(),
  withdrawn: z.boolean(),
  /** What the account record says; an account without a credential is disabled all the same. */
  wantsEnabled: z.boolean(),
  /** The names that the forest says; null where it says none that can be written. */
  wantedName: z.string().nullable(),
  wantedPrincipal: z.string().nullable(),
  /** The names that the account has in the managed domain; null without an account. */
  samAccountName: z.string().nullable(),
  userPrincipalName: z.string().nullable(),
  /** Another forest had the name: the digits stay until the account is renamed, or an administrator frees the name. */
  keepsDigits: z.boolean(),
  digitsKey: z.string().nullable(),
  /** Nobody can have the SID of the account record here. */
  sidRefused: z.boolean(),
  nonce: z.string().nullable(),
  /** objectGUID in the managed domain; null before the account is made and after it is deleted. */
  managedGuid: z.string().nullable(),
  lastManagedGuid: z.string().nullable(),
  /** Sequence of a deletion that waits for the end of the backlog or for an administrator. */
  deleteSequence: z.int().nullable(),
  /** What an administrator accepted of this user. */
  accepted: z.string().nullable(),
  accountAt: Timestamp.nullable(),
  credentialAt: Timestamp.nullable(),
  deletedAt: Timestamp.nullable(),
});
export type ManagedAccount = z.infer<typeof ManagedAccount>;

/** Why a record was not written, or a name or a SID is not as its record says. */
export const UserProblem = z.strictObject({
  ...PERSON,
  /** group, members: a group's record, a slice of its members. */
  kind: z.enum(['account', 'credential', 'group', 'members', 'name', 'sid', 'profile']),
  /** The person is the record's word; else the tenant's, which shows records as of whomever it likes. */
  verified: z.boolean(),
  /** `waiting`: for an administrator; `failed`: tried again. */
  outcome: z.enum(['refused', 'waiting', 'failed']),
  code: z.string(),
  reason: z.string(),
  /** What can be accepted; null when nothing can be. */
  acceptable: z.string().nullable(),
  sequence: z.int(),
  since: Timestamp,
  at: Timestamp,
});
export type UserProblem = z.infer<typeof UserProblem>;

/** Somebody whom an administrator keeps out. */
export const DomainBlock = z.strictObject({
  ...PERSON,
  since: Timestamp,
  /** What the administrator said; null when nothing, or when the block was found on the account. */
  reason: z.string().nullable(),
  /** The user of the machine who ran the command, as far as that is known. */
  by: z.string().nullable(),
  /** The account in the directory is as this says, as far as it is known. */
  applied: z.boolean(),
});
export type DomainBlock = z.infer<typeof DomainBlock>;

/** An account as far as its names go. */
export const NamedAccount = z.strictObject({
  ...PERSON,
  ...ManagedAccount.pick({
    objectGuid: true,
    wantedName: true,
    wantedPrincipal: true,
    samAccountName: true,
    userPrincipalName: true,
    keepsDigits: true,
    digitsKey: true,
  }).shape,
});
export type NamedAccount = z.infer<typeof NamedAccount>;
