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
import { type Decision, samePin } from './decide.ts';
import { writtenSequence } from './fitting-profile.ts';
import type { Believed } from './verified-item.ts';

/** The names that an account is created with. */
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
        /** The on-premises SID of a new account. A keeper writes that of an existing one. */
        sid: string | null;
        /** The profile that fits the record; undefined: none came, and what is written stays. */
        profile: Profile | undefined;
        /** Only for a new account. Names of an existing one change separately. */
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
  /** The nTSecurityDescriptor of a new account. */
  descriptor: Uint8Array;
  /** Makes the mark of a new account: a GUID. */
  newNonce: () => string;
  /** The block that holds for a user. */
  blockOf: (person: Person) => Block | undefined;
}

/** One change in the directory, and the ledger's entry once it is made. */
export interface Plan {
  write: Write;
  next: LedgerEntry;
}

/** Plans the write for one user, with the state that `mayBeEnabled` allows and with the mark. */
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
 * Whether the password is newer than the directory's, which lifts a lockout. The same one sent again must not, or a guesser would get fresh
 * attempts. A restored directory lacks a password that users have tried already, so it lifts the lockout there.
 */
function isNewer({ passwordOrder }: CredentialRecord, entry: LedgerEntry | undefined): boolean {
  const known = entry?.hasCredential ? entry.passwordOrder : null;
  if (known === null) return true;
  return comparePasswordOrder(passwordOrder, known) > 0 && !isSameWrite(passwordOrder, known);
}

/** Whether the records only say again what is written, as those of a forced pass do: their writes are not urgent. */
export function isRepeat(entry: LedgerEntry | undefined, { account, credential }: Decision): boolean {
  if (account.kind === 'upsert' || account.kind === 'delete' || account.kind === 'bury') return false;
  if (credential.kind === 'write') return !isNewer(credential.record, entry);
  if (credential.kind === 'withdraw') return entry?.withdrawn === true;
  return credential.kind !== 'remember';
}

/** The plan of a new account, with these names. */
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

/** The ledger's entry once only a pending deletion, or the memory of one, is left of an account. */
export function planDeletion(
  entry: LedgerEntry | undefined,
  record: Believed<AccountRecord>,
  now: Date,
): LedgerEntry {
  const at = now.toISOString();
  const next = { ...pinnedTo(entry, record), accountDigest: record.digest };
  // The names are released. The pin and the orders stay.
  return entry?.managedGuid
    ? { ...next, deleteSequence: record.sequence }
    : { ...next, accountSequence: record.sequence, accountAt: at, deletedAt: entry?.deletedAt ?? at };
}

/**
 * The ledger's entry after a withdrawal for a user who has no account here, or whose account is about to be deleted. No older credential is
 * accepted after it. It pins a new user, as an account record would.
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

/** The entry of an account that is no longer in the directory. It is created again when its records come. */
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

/** A re-created user starts a new password history, because the orders of two objects do not compare. */
function pinnedTo(entry: LedgerEntry | undefined, record: AccountRecord): LedgerEntry {
  if (entry === undefined) return newEntry(record);
  if (samePin(entry, record)) return { ...entry };
  return { ...entry, objectGuid: record.objectGuid, passwordOrder: null, accepted: null };
}

/** The names in an account record. */
export const wantedNames = ({ sAMAccountName, userPrincipalName }: AccountRecord) => ({
  wantedName: sAMAccountName,
  wantedPrincipal: userPrincipalName,
});

/** The entry of a user of whom nothing is written yet. */
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
