import type { PasswordOrder } from '@causeway/credentials';
import {
  type AccountRecord,
  ageOf,
  CLOUD_FOREST,
  type CredentialRecord,
  type WithdrawalRecord,
} from '@causeway/records';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { isSamePerson, type Person, signedPerson } from '../person.ts';
import { type Refused, refuse, waitFor } from '../refusals.ts';
import { checkSid, type ForestOfSid } from './on-premises-sid.ts';
import type { Believed, Verified, VerifiedItem } from './verified-item.ts';

export type AccountDecision =
  /** The item has no such record. */
  | { kind: 'absent' }
  /** `record` is absent where its signer is no longer trusted: it is the same text that was believed when it came. */
  | { kind: 'unchanged'; sequence: number; record?: Believed<AccountRecord> }
  /** `sid`: why nobody can have the record's SID here. Everything else in the record is written all the same. */
  | { kind: 'upsert'; record: Believed<AccountRecord>; sid: Refused | undefined }
  /** Deletions are counted before the first one is carried out. */
  | { kind: 'delete'; record: Believed<AccountRecord> }
  /** A deletion of a user who does not exist here. It is remembered, so that no older record creates the user. */
  | { kind: 'bury'; record: Believed<AccountRecord> }
  | Refused;

export type CredentialDecision =
  | { kind: 'absent' }
  | { kind: 'unchanged'; sequence: number }
  | { kind: 'write'; record: Believed<CredentialRecord> }
  | { kind: 'withdraw'; record: Believed<WithdrawalRecord> }
  /** A withdrawal without an account. It is remembered, so that no older credential is accepted after it. */
  | { kind: 'remember'; record: Believed<WithdrawalRecord> }
  | Refused;

export interface Decision {
  account: AccountDecision;
  credential: CredentialDecision;
}

/**
 * Decides what happens to a user of the feed. Pure: it sees only the ledger's entry and the verified records.
 *
 * INVARIANT: nothing older than the ledger, nothing for another pin and nothing on the tenant's word alone gets past. Whether an account is
 * enabled, expired or deleted does not depend on errors in its names or its SID.
 * @param isGroup whether the anchor is known as a group's
 */
export function decide(
  entry: LedgerEntry | undefined,
  item: VerifiedItem,
  domain: ManagedDomain,
  forestOfSid: ForestOfSid,
  isGroup = false,
): Decision {
  if (isGroup) return refuseRetyped(item);
  const account = refuseRelabelled(item, item.account) ?? decideAccount(entry, item, domain, forestOfSid);
  const credential = refuseRelabelled(item, item.credential) ?? decideCredential(entry, item, account);
  return { account, credential };
}

/** An anchor is never both a user and a group, whoever signs it. */
function refuseRetyped({ account, credential }: VerifiedItem): Decision {
  const refused = (verified: Verified<{ sequence: number }> | null) =>
    verified === null ? ({ kind: 'absent' } as const) : refuse('retyped', sequenceOf(verified));
  return { account: refused(account), credential: refused(credential) };
}

/**
 * The tenant signs cloud-only users, and a forest signs all others. A user never changes sides, neither by the label of the item nor by a
 * record of the other kind of signer.
 */
function refuseRelabelled(
  { origin, person }: VerifiedItem,
  verified: Verified<AccountRecord | CredentialRecord | WithdrawalRecord> | null,
): Refused | undefined {
  if (verified === null) return undefined;
  const cloud = origin === 'cloud';
  const said = (person.forest === CLOUD_FOREST) === cloud;
  const signed = !verified.ok || (verified.record.forest === CLOUD_FOREST) === cloud;
  return said && signed ? undefined : refuse('relabelled', sequenceOf(verified));
}

function decideAccount(
  entry: LedgerEntry | undefined,
  { person, account }: VerifiedItem,
  domain: ManagedDomain,
  forestOfSid: ForestOfSid,
): AccountDecision {
  if (account === null) return { kind: 'absent' };
  if (!account.ok) {
    const { sequence, digest } = account;
    // A pending deletion is in the ledger with all that it needs.
    const isThere = entry && (isSettled(entry) || entry.deleteSequence !== null);
    if (isThere && digest === entry.accountDigest) return { kind: 'unchanged', sequence };
    return refuse(account.refusal, sequence, account.detail);
  }
  const { record } = account;
  const refusal = refuseOtherUser(person, entry, record);
  if (refusal) return refusal;
  if (entry) {
    const newest = newestAccountSequence(entry);
    const age = ageOf({ sequence: record.sequence }, { sequence: newest });
    const older = refuseReplayed(record, newest, entry.accountDigest);
    if (older) return older;
    // Since then, an administrator may have confirmed the SID's domain for another forest.
    const isRefused = checkSid(record, domain, forestOfSid) !== undefined;
    const isDue = !record.deleted && entry.sidRefused !== isRefused;
    if (age === 'same' && isSettled(entry) && !isDue)
      return { kind: 'unchanged', sequence: record.sequence, record };
  }
  if (record.deleted) return { kind: entry?.managedGuid ? 'delete' : 'bury', record };
  return { kind: 'upsert', record, sid: checkSid(record, domain, forestOfSid) };
}

/** Whether the account matches the last record that was believed. */
const isSettled = ({ managedGuid, deletedAt, deleteSequence }: LedgerEntry): boolean =>
  (managedGuid !== null || deletedAt !== null) && deleteSequence === null;

function decideCredential(
  entry: LedgerEntry | undefined,
  { person, credential }: VerifiedItem,
  account: AccountDecision,
): CredentialDecision {
  if (credential === null) return { kind: 'absent' };
  if (!credential.ok) {
    const { sequence, digest } = credential;
    const isThere = entry?.hasCredential || entry?.withdrawn;
    if (isThere && digest === entry.credentialDigest) return { kind: 'unchanged', sequence };
    return refuse(credential.refusal, sequence, credential.detail);
  }
  const { record } = credential;
  if (record.kind === 'withdrawal') return decideWithdrawal(entry, person, record, account);
  const { sequence } = record;
  if (!isSamePerson(person, signedPerson(record))) return refuse('record-mismatch', sequence);
  const upserted = account.kind === 'upsert' ? account.record : undefined;
  const goes = account.kind === 'delete' || account.kind === 'bury' || entry?.deleteSequence != null;
  if (!upserted && (goes || !entry?.managedGuid)) return refuse('no-account', sequence);
  const refusal = refuseOlder(entry, person, record, upserted);
  if (refusal) return refusal;
  if (sequence === entry?.credentialSequence && entry.hasCredential) return { kind: 'unchanged', sequence };
  return { kind: 'write', record };
}

/** Like a credential, and in the same order with them, except that a withdrawal without an account is remembered. */
function decideWithdrawal(
  entry: LedgerEntry | undefined,
  person: Person,
  record: Believed<WithdrawalRecord>,
  account: AccountDecision,
): CredentialDecision {
  const { sequence } = record;
  const upserted = account.kind === 'upsert' ? account.record : undefined;
  const refusal = refuseOlder(entry, person, record, upserted);
  if (refusal) return refusal;
  const goes = account.kind === 'delete' || account.kind === 'bury';
  const homeless = !upserted && (goes || !entry?.managedGuid);
  if (sequence === entry?.credentialSequence && entry.withdrawn && !homeless) {
    return { kind: 'unchanged', sequence };
  }
  return { kind: homeless ? 'remember' : 'withdraw', record };
}

/** A password record must be about the object that the user is pinned to, and no older than what was believed before. */
function refuseOlder(
  entry: LedgerEntry | undefined,
  person: Person,
  record: Believed<CredentialRecord | WithdrawalRecord>,
  upserted: AccountRecord | undefined,
): Refused | undefined {
  const pinned = upserted ?? entry;
  // Only an account record moves an anchor, so an acceptance does not count here.
  const pin = refuseOtherUser(person, pinned && { ...pinned, accepted: null }, record);
  if (pin) return { ...pin, acceptable: null };
  const { sequence, passwordOrder } = record;
  // An account that is re-pinned in the same item has a new user's password history.
  const repinned = upserted !== undefined && !samePin(entry, upserted);
  const known = repinned ? null : (entry?.passwordOrder ?? null);
  const older = refuseReplayed(record, entry?.credentialSequence, entry?.credentialDigest);
  if (older) return older;
  const age = ageOf(record, { sequence: entry?.credentialSequence, passwordOrder: known });
  const acceptable = orderText(passwordOrder);
  if (age !== 'older-password-order' || entry?.accepted === acceptable) return undefined;
  const detail = `${inWords(passwordOrder)} after ${inWords(known!)}`;
  return waitFor(age, sequence, detail, acceptable);
}

const inWords = ({ epoch, version }: PasswordOrder): string =>
  `version ${version}${epoch === undefined ? '' : ` of epoch ${epoch}`}`;
/** A sequence belongs to one record. A signer that used it twice had lost count, and signs the other record again. */
function refuseReplayed(
  { sequence, digest }: Believed<{ sequence: number }>,
  newest: number | null | undefined,
  digestOfNewest: string | null | undefined,
): Refused | undefined {
  if (newest == null || sequence > newest) return undefined;
  if (sequence < newest) return refuse('older-sequence', sequence);
  const isSame = digestOfNewest == null || digest === digestOfNewest;
  return isSame ? undefined : refuse('older-sequence', sequence, 'another record has the same sequence');
}

interface Pinned {
  objectGuid: string;
  accepted?: string | null;
}

/** A record must be about this user, and about the objectGUID that the user is pinned to. */
function refuseOtherUser(
  person: Person,
  pin: Pinned | undefined,
  record: AccountRecord | CredentialRecord | WithdrawalRecord,
): Refused | undefined {
  const { sequence, objectGuid } = record;
  if (!isSamePerson(person, signedPerson(record))) return refuse('record-mismatch', sequence);
  if (pin === undefined || samePin(pin, record)) return undefined;
  const acceptable = pinText(record);
  if (pin.accepted === acceptable) return undefined;
  return waitFor('anchor-moved', sequence, `${pin.objectGuid} before, ${objectGuid} now`, acceptable);
}

/** Whether two statements about one user name the same object. */
export function samePin(a: Pinned | undefined, b: Pinned): boolean {
  return a?.objectGuid === b.objectGuid;
}

/** The sequence of the newest account record that was believed, including a deletion that is still pending. */
function newestAccountSequence(entry: LedgerEntry): number {
  return Math.max(entry.accountSequence ?? -1, entry.deleteSequence ?? -1);
}

const pinText = ({ forest, objectGuid }: { forest: string; objectGuid: string }): string =>
  `pin:${forest}/${objectGuid}`;

const orderText = ({ epoch = 0, version, originatingTime, originatingInvocationId }: PasswordOrder): string =>
  `order:${epoch > 0 ? `e${epoch}/` : ''}${version}/${originatingTime}/${originatingInvocationId}`;

function sequenceOf(verified: Verified<{ sequence: number }>): number {
  return verified.ok ? verified.record.sequence : verified.sequence;
}
