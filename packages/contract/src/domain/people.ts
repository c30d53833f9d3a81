import { z } from 'zod';
import { PasswordOrder, Timestamp } from '../common.ts';

/** Forest and anchor identify a user. `(cloud-only)` is the forest of cloud-only users. */
const PERSON = { forest: z.string(), anchor: z.string() };

/** A forest as the administrator types it. */
export const ForestText = z.string().max(255);

/** How an administrator names a user of the managed domain: by a name there, or by the source anchor. */
export const PersonText = z.string().min(1).max(1024);

/** What the command did, in words. */
export const Done = z.strictObject({
  message: z.string(),
  /** For a block or its end: the account in the directory already matches. */
  applied: z.boolean().optional(),
});
export type Done = z.infer<typeof Done>;

/** What is known of one user: what they are pinned to and what was written last. Outlives the account. */
export const ManagedAccount = z.strictObject({
  ...PERSON,
  objectGuid: z.string(),
  /** Sequences of the records written last; null if none was written. */
  accountSequence: z.int().nullable(),
  credentialSequence: z.int().nullable(),
  passwordOrder: PasswordOrder.nullable(),
  hasCredential: z.boolean(),
  withdrawn: z.boolean(),
  /** What the account record asks for. An account without a credential is disabled all the same. */
  wantsEnabled: z.boolean(),
  /** The names that the forest sends; null if it sends none that can be written. */
  wantedName: z.string().nullable(),
  wantedPrincipal: z.string().nullable(),
  /** The account's names in the managed domain; null without an account. */
  samAccountName: z.string().nullable(),
  userPrincipalName: z.string().nullable(),
  /** Another forest had the name. The digits stay until the account is renamed, or an administrator frees the name. */
  keepsDigits: z.boolean(),
  digitsKey: z.string().nullable(),
  /** No account can have the account record's SID here. */
  sidRefused: z.boolean(),
  nonce: z.string().nullable(),
  /** objectGUID in the managed domain; null before the account is created and after it is deleted. */
  managedGuid: z.string().nullable(),
  lastManagedGuid: z.string().nullable(),
  /** Sequence of a deletion that waits for the end of the backlog or for an administrator. */
  deleteSequence: z.int().nullable(),
  /** What an administrator accepted for this user. */
  accepted: z.string().nullable(),
  accountAt: Timestamp.nullable(),
  credentialAt: Timestamp.nullable(),
  deletedAt: Timestamp.nullable(),
});
export type ManagedAccount = z.infer<typeof ManagedAccount>;

/** Why a record was not written, or why a name or SID differs from its record. */
export const UserProblem = z.strictObject({
  ...PERSON,
  /** group, members: a group's record, a slice of its members. */
  kind: z.enum(['account', 'credential', 'group', 'members', 'name', 'sid', 'profile']),
  /** True: a signed record names the user. False: only the tenant does, which may attribute records to anybody. */
  verified: z.boolean(),
  /** `waiting`: for an administrator; `failed`: it is retried. */
  outcome: z.enum(['refused', 'waiting', 'failed']),
  code: z.string(),
  reason: z.string(),
  /** What can be accepted; null if nothing can be. */
  acceptable: z.string().nullable(),
  sequence: z.int(),
  since: Timestamp,
  at: Timestamp,
});
export type UserProblem = z.infer<typeof UserProblem>;

/** A user whom an administrator blocks. */
export const DomainBlock = z.strictObject({
  ...PERSON,
  since: Timestamp,
  /** The administrator's reason; null if there is none, or if the block was found on the account. */
  reason: z.string().nullable(),
  /** The machine's user who ran the command, if known. */
  by: z.string().nullable(),
  /** The account in the directory matches this, as far as is known. */
  applied: z.boolean(),
});
export type DomainBlock = z.infer<typeof DomainBlock>;

/** The names of an account. */
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
