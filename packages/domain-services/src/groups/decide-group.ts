import { type GroupRecord, liveSlices, type MembersRecord } from '@causeway/records';
import type { Believed, Verified } from '../apply/verified-item.ts';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import type { LedgerSlice } from '../ledger/groups/slice-book.ts';
import { isSamePerson, type Person, signedPerson } from '../person.ts';
import { type Refused, refuse, waitFor } from '../refusals.ts';

export type GroupDecision =
  | { kind: 'unchanged'; sequence: number }
  /** `repinned`: an administrator accepted that the anchor is another object's now. */
  | { kind: 'believe'; record: Believed<GroupRecord>; repinned: boolean }
  | Refused;

export type SliceDecision =
  | { kind: 'unchanged'; sequence: number }
  /** `live`: all slices of the group that say something from now on, this one included. */
  | { kind: 'believe'; record: Believed<MembersRecord>; slice: LedgerSlice; live: LedgerSlice[] }
  | Refused;

/** What the ledger knows of a group. */
export interface KnownGroup {
  entry: GroupEntry | undefined;
  /** The anchor is known as a user's. */
  isPerson: boolean;
}

/**
 * What is to become of a group's record. Pure. INVARIANT: nothing older than the ledger, nothing for another pin and nothing of a user's
 * anchor gets past. Whoever signed it speaks for its forest, the tenant for groups of its own alone: that was verified.
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
 * What is to become of a slice of a group's members. Pure. A slice of a group whose record has not come is believed, as its record
 * stands behind it in the feed when it changed since; it says nothing before that.
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

/** The very record that was believed when it came changes nothing, also when its signer is believed no more. */
function refuseUnlessKnown(
  { refusal, sequence, detail, digest }: Extract<Verified<unknown>, { ok: false }>,
  known: string | null,
): Refused | { kind: 'unchanged'; sequence: number } {
  return digest === known ? { kind: 'unchanged', sequence } : refuse(refusal, sequence, detail);
}

/** A record must be of this group, and of no user. */
function refuseOther(
  group: Person,
  record: GroupRecord | MembersRecord,
  isPerson: boolean,
): Refused | undefined {
  const { sequence } = record;
  if (!isSamePerson(group, signedPerson(record))) return refuse('record-mismatch', sequence);
  return isPerson ? refuse('retyped', sequence) : undefined;
}
