import type { Profile } from '@causeway/contract';
import { comparePasswordOrder, isSameWrite } from '@causeway/credentials';
import { encodeGuid, encodeSid } from '@causeway/ldap';
import type { AccountRecord, CredentialRecord, CredentialSecret, WithdrawalRecord } from '@causeway/records';
import { accountMark } from '../directory/account-mark.ts';
import {
  accountValues,
  controlValues,
  credentialValues,
  expiryOf,
  type Values,
  withdrawalValues,
} from '../directory/attributes.ts';
import { profileValues } from '../directory/profile-values.ts';
import { accountDn } from '../directory/structure.ts';
import type { Write } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Block } from '../ledger/block-book.ts';
import { mayBeEnabled } from '../ledger/may-be-enabled.ts';
import type { Person } from '../person.ts';
import { samePin } from './decide.ts';
import { writtenSequence } from './fitting-profile.ts';
import type { Believed } from './verified-item.ts';

/** The names that an account is made with. */
export type MadeNames = Pick<
  LedgerEntry,
  'samAccountName' | 'userPrincipalName' | 'keepsDigits' | 'digitsKey'
> & { samAccountName: string };

/** What is to be written for one user: an account record, a credential, or both at once. */
export interface Parts {
  account?:
    | {
        record: Believed<AccountRecord>;
        sidRefused: boolean;
        /** The on-premises SID that a new account is made with; that of one that is there is its keeper’s matter. */
        sid: string | null;
        /** The one that fits the record; undefined: none came, and what is written stays. */
        profile: Profile | undefined;
        /** Of an account that is to be made; of one that is there they are changed by themselves. */
        names?: MadeNames | undefined;
      }
    | undefined;
  credential?: { record: Believed<CredentialRecord>; secret: CredentialSecret } | undefined;
  /** Never with a credential. */
  withdrawal?: Believed<WithdrawalRecord> | undefined;
}

export interface PlanContext {
  /** DN of the container of all accounts. */
  users: string;
  now: Date;
  /** Source of random bytes. */
  random: (length: number) => Uint8Array;
  /** Of a new account: its nTSecurityDescriptor. */
  descriptor: Uint8Array;
  /** Makes the mark of a new account: a GUID. */
  newNonce: () => string;
  /** The block that holds for somebody. */
  blockOf: (person: Person) => Block | undefined;
}

/** One change of the directory and what the ledger says once it is made. */
export interface Plan {
  write: Write;
  next: LedgerEntry;
}

/** The write for one user: with what `mayBeEnabled` says of the account, and its mark. */
export function planWrite(entry: LedgerEntry | undefined, parts: Parts, context: PlanContext): Plan {
  const next = advance(entry, parts, context.now);
  const block = context.blockOf(next);
  const values: Values = {
    ...(parts.account && accountValues(parts.account.record)),
    ...(parts.account?.profile &&
      profileValues(parts.account.profile, parts.account.record.profileDigest !== undefined)),
    ...controlValues(mayBeEnabled(next, block)),
    ...accountMark(next, block),
    ...(parts.withdrawal && withdrawalValues(context.now, context.random)),
    ...(parts.credential &&
      credentialValues(
        parts.credential.secret,
        parts.credential.record.mustChange,
        context.now,
        context.random,
      )),
  };
  if (next.managedGuid === null) {
    next.nonce ??= context.newNonce();
    const mark: Values = { objectClass: ['user'], 'mS-DS-ConsistencyGuid': [encodeGuid(next.nonce)] };
    values.nTSecurityDescriptor = [context.descriptor];
    const { sid } = parts.account!;
    if (sid !== null) values.sIDHistory = [encodeSid(sid)];
    const plan: Plan = { write: { kind: 'add', dn: '', values: { ...mark, ...values } }, next };
    return withNames(plan, parts.account!.names!, context.users);
  }
  if (parts.credential && isNewer(parts.credential.record, entry)) values.lockoutTime = ['0'];
  return { write: { kind: 'modify', guid: next.managedGuid, values }, next };
}

/**
 * Another password than the directory has, not the same one sent again: that must give nobody who guesses fresh tries. In a directory
 * that was restored people have tried the password that it lacked.
 */
function isNewer({ passwordOrder }: CredentialRecord, entry: LedgerEntry | undefined): boolean {
  const known = entry?.hasCredential ? entry.passwordOrder : null;
  if (known === null) return true;
  return comparePasswordOrder(passwordOrder, known) > 0 && !isSameWrite(passwordOrder, known);
}

/** The plan of an account that is to be made, by these names. */
export function withNames({ write, next }: Plan, names: MadeNames, users: string): Plan {
  const { samAccountName, userPrincipalName } = names;
  const values = { ...write.values, ...nameValues(samAccountName, userPrincipalName) };
  return {
    write: { kind: 'add', dn: accountDn(samAccountName, users), values },
    next: { ...next, ...names },
  };
}

const nameValues = (name: string, principal: string | null): Values => ({
  sAMAccountName: [name],
  userPrincipalName: principal === null ? [] : [principal],
});

/** The ledger's entry once a deletion, or its memory alone, is all that is left of an account. */
export function planDeletion(
  entry: LedgerEntry | undefined,
  record: Believed<AccountRecord>,
  now: Date,
): LedgerEntry {
  const at = now.toISOString();
  const next = { ...pinnedTo(entry, record), accountDigest: record.digest };
  // The names are given free; the pin and the orders stay.
  return entry?.managedGuid
    ? { ...next, deleteSequence: record.sequence }
    : { ...next, accountSequence: record.sequence, accountAt: at, deletedAt: entry?.deletedAt ?? at };
}

/**
 * The ledger's entry after a withdrawal that has no account here, or whose account is about to go: no older credential comes after it.
 * It pins a person who is new, as an account record would.
 */
export function rememberWithdrawal(
  entry: LedgerEntry | undefined,
  record: Believed<WithdrawalRecord>,
): LedgerEntry {
  const { sequence: credentialSequence, digest: credentialDigest, passwordOrder } = record;
  return { ...(entry ?? newEntry(record)), credentialSequence, credentialDigest, passwordOrder };
}

/** The ledger's entry once its account is deleted. */
export function deleted(entry: LedgerEntry, now: Date): LedgerEntry {
  const at = now.toISOString();
  return {
    ...forgotten(entry),
    accountSequence: entry.deleteSequence,
    deleteSequence: null,
    accountAt: at,
    deletedAt: at,
  };
}

/** The entry of an account that is not in the directory any more: it is made anew when its records come again. */
export function forgotten(entry: LedgerEntry): LedgerEntry {
  const { managedGuid, lastManagedGuid } = entry;
  return {
    ...entry,
    managedGuid: null,
    lastManagedGuid: managedGuid ?? lastManagedGuid,
    nonce: null,
    samAccountName: null,
    userPrincipalName: null,
    hasCredential: false,
    withdrawn: false,
    credentialAt: null,
  };
}

function advance(
  entry: LedgerEntry | undefined,
  { account, credential, withdrawal }: Parts,
  now: Date,
): LedgerEntry {
  const at = now.toISOString();
  let next = account ? pinnedTo(entry, account.record) : { ...entry! };
  if (account) {
    const { record, sidRefused, profile } = account;
    next = {
      ...next,
      accountSequence: writtenSequence(record, profile, entry?.accountSequence ?? null),
      accountDigest: record.digest,
      wantsEnabled: record.enabled,
      accountExpires: expiryOf(record),
      ...wantedNames(record),
      sidRefused,
      deleteSequence: null,
      deletedAt: null,
      accountAt: at,
    };
  }
  const said = withdrawal ?? credential?.record;
  if (said) {
    const { sequence, digest: credentialDigest, passwordOrder } = said;
    next = {
      ...next,
      credentialSequence: sequence,
      credentialDigest,
      passwordOrder,
      credentialAt: at,
      accepted: null,
    };
    next.hasCredential = withdrawal === undefined;
    next.withdrawn = withdrawal !== undefined;
  }
  return next;
}

/** Somebody who was made anew begins a new password history: the orders of two objects do not compare. */
function pinnedTo(entry: LedgerEntry | undefined, record: AccountRecord): LedgerEntry {
  if (entry === undefined) return newEntry(record);
  if (samePin(entry, record)) return { ...entry };
  return { ...entry, objectGuid: record.objectGuid, passwordOrder: null, accepted: null };
}

/** The names that an account record says. */
export const wantedNames = ({ sAMAccountName, userPrincipalName }: AccountRecord) => ({
  wantedName: sAMAccountName,
  wantedPrincipal: userPrincipalName,
});

/** Of somebody of whom nothing is written yet. */
export function newEntry(record: Pick<AccountRecord, 'sourceAnchor' | 'forest' | 'objectGuid'>): LedgerEntry {
  return {
    anchor: record.sourceAnchor,
    forest: record.forest,
    objectGuid: record.objectGuid,
    accountSequence: null,
    credentialSequence: null,
    accountDigest: null,
    credentialDigest: null,
    passwordOrder: null,
    hasCredential: false,
    withdrawn: false,
    wantsEnabled: false,
    accountExpires: null,
    wantedName: null,
    wantedPrincipal: null,
    samAccountName: null,
    userPrincipalName: null,
    keepsDigits: false,
    digitsKey: null,
    sidRefused: false,
    nonce: null,
    managedGuid: null,
    lastManagedGuid: null,
    deleteSequence: null,
    accepted: null,
    accountAt: null,
    credentialAt: null,
    deletedAt: null,
  };
}
