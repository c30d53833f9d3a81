import type { GroupFeedItem } from '@causeway/contract';
import type { GroupRecord, MembersRecord } from '@causeway/records';
import type { Log } from '@causeway/service';
import type { Believed, Verified } from '../apply/verified-item.ts';
import { newGroup } from '../ledger/groups/group-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { trustOf } from '../pairing/trust.ts';
import { isSamePerson, type Person, signedPerson } from '../person.ts';
import type { Refused } from '../refusals.ts';
import { decideGroup, decideSlice, type KnownGroup } from './decide-group.ts';
import { type VerifiedGroupItem, verifyGroupItem } from './verify-group-item.ts';
import { wantSid } from './want-sid.ts';

export interface BeliefContext {
  ledger: Ledger;
  tenant: string;
  domain: ManagedDomain;
  log: Log;
}

/** The outcome of a page. */
export interface BelievedPage {
  believed: number;
  /** Records that were refused for the first time. */
  refused: { group: Person; refused: Refused }[];
  /** The feed has to be read again: a group now belongs to another object, and its slices came before its record. */
  again: boolean;
}

/** Stores what is believed of a page, and why the rest is not. The caller moves the cursor in the same transaction. */
export function believePage(
  { ledger, tenant, domain }: BeliefContext,
  items: readonly GroupFeedItem[],
): BelievedPage {
  const page: BelievedPage = { believed: 0, refused: [], again: false };
  const trust = trustOf(ledger);
  for (const item of items) {
    const verified = verifyGroupItem(item, trust, tenant);
    const { group, kind } = verified;
    const known: KnownGroup = {
      entry: ledger.groups.of(group),
      isPerson: ledger.accounts.of(group) !== undefined,
    };
    const decision =
      kind === 'group'
        ? decideGroup(known, group, verified.record as Verified<GroupRecord>)
        : decideSlice(known, ledger.slices.of(group), group, verified.record as Verified<MembersRecord>);
    if (decision.kind === 'unchanged') {
      clearProblem(ledger, verified);
      ledger.unreportedGroups.add(group);
      // Since the record was believed, an administrator may have changed the forest that its SID belongs to.
      if (kind === 'group' && verified.record.ok)
        wantSid(ledger, group, verified.record.record as GroupRecord, domain);
    } else if (decision.kind !== 'believe') {
      if (noteRefused(ledger, verified, decision)) page.refused.push({ group, refused: decision });
    }
    if (decision.kind !== 'believe') continue;
    clearProblem(ledger, verified);
    page.believed++;
    ledger.heads.noteBelieved(group.forest, decision.record.sequence);
    if ('slice' in decision)
      ledger.slices.believe(group, decision.slice, decision.record.members, decision.live);
    else {
      believeGroup(ledger, group, decision.record, domain);
      page.again ||= decision.repinned;
    }
  }
  return page;
}

function believeGroup(
  ledger: Ledger,
  group: Person,
  record: Believed<GroupRecord>,
  domain: ManagedDomain,
): void {
  const { sequence, objectGuid, deleted, securityEnabled, objectSid } = record;
  const before = ledger.groups.of(group) ?? newGroup(group, objectGuid);
  const isThere = before.managedGuid !== null;
  // A list of another object, or one older than the deletion, says nothing about this group.
  const lost = ledger.slices
    .of(group)
    .filter(one => one.objectGuid !== objectGuid || (deleted && one.sequence < sequence));
  ledger.slices.forget(group, lost);
  ledger.groups.save({
    ...before,
    ...{ objectGuid, sequence, digest: record.digest, deleted, accepted: null },
    ...{ wantedName: record.sAMAccountName, displayName: record.displayName, mail: record.mail },
    ...{ objectSid, securityEnabled },
    deletedSequence: deleted ? sequence : before.deletedSequence,
    // The deletion of a group that is not there is only remembered.
    writtenSequence: deleted && !isThere ? sequence : before.writtenSequence,
  });
  ledger.problems.clear(group, 'sid');
  if (deleted) ledger.problems.clearSlice(group, { prefix: '', sequence });
  wantSid(ledger, group, record, domain);
}

/** A slice that is believed, now or before, clears only problems of its own part: it says nothing about other slices. */
function clearProblem(ledger: Ledger, { group, kind, prefix, record }: VerifiedGroupItem): void {
  if (kind === 'group') ledger.problems.clear(group, kind);
  else {
    const { sequence } = record.ok ? record.record : record;
    ledger.problems.clearSlice(group, { prefix, sequence });
  }
}

/** @returns whether it is listed and was not before */
function noteRefused(
  ledger: Ledger,
  { group, kind, prefix, record }: VerifiedGroupItem,
  refused: Refused,
): boolean {
  const { kind: outcome, code, reason, acceptable, sequence } = refused;
  const before = ledger.problems.one(group, kind, prefix);
  const problem = {
    ...group,
    kind,
    prefix,
    outcome,
    code,
    reason,
    acceptable,
    sequence,
    at: ledger.timestamp(),
  };
  const isVerified = record.ok && isSamePerson(group, signedPerson(record.record));
  if (isVerified) ledger.problems.save({ ...problem, verified: true });
  else if (!ledger.problems.saveUnverified(problem)) return false;
  ledger.unreportedGroups.add(group);
  return before?.code !== code || before.sequence !== sequence;
}
