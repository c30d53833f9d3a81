import type { FeedItem } from '@causeway/contract';
import { encodeGuid, escapeRdn } from '@causeway/ldap';
import type {
  NamedAccountRecord as AccountRecord,
  CredentialRecord,
  CredentialSecret,
  WithdrawalRecord,
} from '@causeway/records';
import {
  accountValues,
  controlValues,
  credentialValues,
  profileValues,
  type Values,
  withdrawalValues,
} from './attributes.ts';
import { samePin } from './decide.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Write } from './write.ts';

/** What is to be written for one user: an account record with its name here, a credential, or both at once. */
export interface Parts {
  account?: { record: AccountRecord; name: string; profile: FeedItem['profile'] } | undefined;
  credential?: { record: CredentialRecord; secret: CredentialSecret } | undefined;
  /** Never with a credential. */
  withdrawal?: WithdrawalRecord | undefined;
}

export interface PlanContext {
  /** DN of the container of all accounts. */
  users: string;
  now: Date;
  /** Source of random bytes. */
  random: (length: number) => Uint8Array;
  /** Makes the mark of a new account: a GUID. */
  newNonce: () => string;
}

/** One change of the directory and what the ledger says once it is made. */
export interface Plan {
  write: Write;
  next: LedgerEntry;
}

/** The write for one user. An account is enabled only while it has a credential: nobody signs in without one. */
export function planWrite(entry: LedgerEntry | undefined, parts: Parts, context: PlanContext): Plan {
  const next = advance(entry, parts, context.now);
  const values: Values = {
    ...(parts.account && accountValues(parts.account.record)),
    ...(parts.account && profileValues(parts.account.profile)),
    ...controlValues(next.wantsEnabled && next.hasCredential),
    ...(parts.withdrawal && withdrawalValues(context.now, context.random)),
    ...(parts.credential &&
      credentialValues(
        parts.credential.secret,
        parts.credential.record.mustChange,
        context.now,
        context.random,
      )),
  };
  const name = next.samAccountName;
  const dn = `CN=${escapeRdn(name)},${context.users}`;
  if (next.managedGuid === null) {
    next.nonce ??= context.newNonce();
    const identity: Values = {
      objectClass: ['user'],
      sAMAccountName: [name],
      'mS-DS-ConsistencyGuid': [encodeGuid(next.nonce)],
    };
    return { write: { kind: 'add', dn, values: { ...identity, ...values } }, next };
  }
  if (parts.credential) values.lockoutTime = ['0'];
  const renamed = entry?.samAccountName !== name;
  if (renamed) values.sAMAccountName = [name];
  return {
    write: { kind: 'modify', guid: next.managedGuid, values, ...(renamed && { renameTo: dn }) },
    next,
  };
}

/** The ledger's entry once a deletion, or its memory alone, is all that is left of an account. */
export function planDeletion(entry: LedgerEntry | undefined, record: AccountRecord, now: Date): LedgerEntry {
  const at = now.toISOString();
  const next = pinnedTo(entry, record);
  // The names are given free; the pin and the orders stay.
  return entry?.managedGuid
    ? { ...next, deleteSequence: record.sequence }
    : { ...next, accountSequence: record.sequence, accountAt: at, deletedAt: entry?.deletedAt ?? at };
}

/**
 * The ledger's entry after a withdrawal that has no account here, or whose account is about to go: no older credential comes after it.
 * It pins an anchor that is new, as an account record would. The anchor stands for its names, which nobody knows: it is nobody's name.
 */
export function rememberWithdrawal(entry: LedgerEntry | undefined, record: WithdrawalRecord): LedgerEntry {
  const { sequence: credentialSequence, passwordOrder, sourceAnchor } = record;
  const names = { userPrincipalName: sourceAnchor, sAMAccountName: sourceAnchor };
  const known = entry ?? newEntry({ ...record, ...names });
  return { ...known, credentialSequence, passwordOrder };
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
  return {
    ...entry,
    managedGuid: null,
    nonce: null,
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
    const { record, name } = account;
    next = {
      ...next,
      accountSequence: record.sequence,
      wantsEnabled: record.enabled,
      userPrincipalName: record.userPrincipalName,
      samAccountName: name,
      deleteSequence: null,
      deletedAt: null,
      accountAt: at,
    };
  }
  const said = withdrawal ?? credential?.record;
  if (said) {
    const { sequence, passwordOrder } = said;
    next = { ...next, credentialSequence: sequence, passwordOrder, credentialAt: at, accepted: null };
    next.hasCredential = withdrawal === undefined;
    next.withdrawn = withdrawal !== undefined;
  }
  return next;
}

/** An anchor that moved begins a new password history: the orders of two objects do not compare. */
function pinnedTo(entry: LedgerEntry | undefined, record: AccountRecord): LedgerEntry {
  if (entry === undefined) return newEntry(record);
  if (samePin(entry, record)) return { ...entry };
  const { forest, objectGuid } = record;
  return { ...entry, forest, objectGuid, passwordOrder: null, accepted: null };
}

/** Of somebody of whom nothing is written yet. */
export function newEntry(
  record: Pick<
    AccountRecord,
    'sourceAnchor' | 'forest' | 'objectGuid' | 'userPrincipalName' | 'sAMAccountName'
  >,
): LedgerEntry {
  return {
    anchor: record.sourceAnchor,
    forest: record.forest,
    objectGuid: record.objectGuid,
    accountSequence: null,
    credentialSequence: null,
    passwordOrder: null,
    hasCredential: false,
    withdrawn: false,
    wantsEnabled: false,
    userPrincipalName: record.userPrincipalName,
    samAccountName: record.sAMAccountName,
    nonce: null,
    managedGuid: null,
    deleteSequence: null,
    accepted: null,
    accountAt: null,
    credentialAt: null,
    deletedAt: null,
  };
}
