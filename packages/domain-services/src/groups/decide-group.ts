import { type GroupRecord, liveSlices, type MembersRecord } from '@causeway/records';
import type { Believed, Verified } from '../apply/verified-item.ts';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import type { LedgerSlice } from '../ledger/groups/slice-book.ts';
import { isSamePerson, type Person, signedPerson } from '../person.ts';
import { type Refused, refuse, waitFor } from '../refusals.ts';

export type GroupDecision =
  | { kind: 'unchanged'; sequence: number }
  /** `repinned`: an administrator accepted that the anchor now belongs to another object. */
  | { kind: 'believe'; record: Believed<GroupRecord>; repinned: boolean }
  | Refused;

export type SliceDecision =
  | { kind: 'unchanged'; sequence: number }
  /** `live`: all slices of the group that count from now on, including this one. */
  | { kind: 'believe'; record: Believed<MembersRecord>; slice: LedgerSlice; live: LedgerSlice[] }
  | Refused;

/** What the ledger knows of a group. */
export interface KnownGroup {
  entry: GroupEntry | undefined;
  /** The anchor is known as that of a user. */
  isPerson: boolean;
}

/**
 * Decides on a group's record. Pure. INVARIANT: believes nothing older than the ledger, nothing for another pin and nothing about a user's
 * anchor. The caller has verified that the signer may speak for the forest, and that the tenant speaks only for groups of its own.
 */
export function decideGroup(
  { entry, isPerson }: KnownGroup,
  group: Person,
  verified: Verified<GroupRecord>,
): GroupDecision {
  if (!verified.ok) return refuseUnlessKnown(verified, entry?.digest ?? null);
  const { record } = verified;
  const { sequence } = record;
  const other = refuseOther(group, record, isPerson);
  if (other) return other;
  const repinned = entry !== undefined && entry.objectGuid !== record.objectGuid;
  const acceptable = `pin:${record.forest}/${record.objectGuid}`;
  if (repinned && entry.accepted !== acceptable)
    return waitFor(
      'anchor-moved',
      sequence,
      `${entry.objectGuid} before, ${record.objectGuid} now`,
      acceptable,
    );
  if (entry?.sequence == null || sequence > entry.sequence) return { kind: 'believe', record, repinned };
  if (sequence < entry.sequence) return refuse('older-sequence', sequence);
  if (record.digest === entry.digest) return { kind: 'unchanged', sequence };
  return refuse('older-sequence', sequence, 'another record has the same sequence');
}

/**
 * Decides on a slice of a group's members. Pure. A slice is believed even if the group's record has not come yet: when the record changed
 * since, it stands behind the slice in the feed. The slice counts only from then on.
 * @param slices live ones of the group
 */
export function decideSlice(
  { entry, isPerson }: KnownGroup,
  slices: readonly LedgerSlice[],
  group: Person,
  verified: Verified<MembersRecord>,
): SliceDecision {
  if (!verified.ok) {
    const same = slices.find(({ digest }) => digest === verified.digest);
    return refuseUnlessKnown(verified, same?.digest ?? null);
  }
  const { record } = verified;
  const { sequence, prefix, objectGuid, digest } = record;
  const other = refuseOther(group, record, isPerson);
  if (other) return other;
  if (entry !== undefined && entry.objectGuid !== objectGuid)
    return refuse('anchor-moved', sequence, `the group is ${entry.objectGuid}, the list is of ${objectGuid}`);
  if (sequence < (entry?.deletedSequence ?? 0)) return refuse('older-than-deletion', sequence);
  const same = slices.find(one => one.prefix === prefix && one.sequence === sequence);
  if (same !== undefined)
    return same.digest === digest
      ? { kind: 'unchanged', sequence }
      : refuse('older-sequence', sequence, 'another list has the same sequence');
  const slice: LedgerSlice = { prefix, sequence, objectGuid, digest };
  const live = liveSlices([...slices, slice]);
  if (!live.includes(slice)) return refuse('older-sequence', sequence);
  return { kind: 'believe', record, slice, live };
}

/** A record that was already believed changes nothing when it comes again, even if its signer is no longer trusted. */
function refuseUnlessKnown(
  { refusal, sequence, detail, digest }: Extract<Verified<unknown>, { ok: false }>,
  known: string | null,
): Refused | { kind: 'unchanged'; sequence: number } {
  return digest === known ? { kind: 'unchanged', sequence } : refuse(refusal, sequence, detail);
}

/** A record must be about this group, and not about a user. */
function refuseOther(
  group: Person,
  record: GroupRecord | MembersRecord,
  isPerson: boolean,
): Refused | undefined {
  const { sequence } = record;
  if (!isSamePerson(group, signedPerson(record))) return refuse('record-mismatch', sequence);
  return isPerson ? refuse('retyped', sequence) : undefined;
}
