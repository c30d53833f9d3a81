import type { MembersChange, MembersVerdict, Verdict } from '@causeway/contract';
import { keyRange, liveSlices, memberKey, type Slice } from '@causeway/records';
import type { SaidOfGroup } from './group-record-check.ts';
import { SAME_SEQUENCE } from './stored-records.ts';
import { applied, refused, retry, unchanged } from './verdicts.ts';

/** An item whose record is this slice of this group. */
export interface CheckedSlice {
  readonly item: MembersChange;
  readonly said: SaidOfGroup<'members'>;
}

/** A group of the forest, and the slices of its members. */
export interface KnownLists {
  readonly id: string;
  readonly source_anchor: string;
  readonly object_guid: string;
  readonly deleted: boolean;
  readonly deleted_sequence: number | null;
  readonly slices: readonly KnownSlice[];
}

export interface KnownSlice extends Slice {
  /** Read only if an item has the same sequence. */
  readonly record?: string | undefined;
}

export interface SliceWrite extends Slice {
  readonly group_id: string;
  readonly record: string;
  readonly changed_seq: number;
}

/** A range of a group's keys that a slice of the batch decides. */
export interface KeyRange {
  readonly group_id: string;
  readonly from: string;
  readonly to: string;
}

export interface Membership {
  readonly group_id: string;
  readonly key: string;
  readonly reference: string;
}

export interface MembersPlan {
  readonly verdicts: MembersVerdict[];
  readonly writes: SliceWrite[];
  /** Slices that decide about no member any more. */
  readonly gone: { readonly group_id: string; readonly prefix: string }[];
  /** Ranges whose memberships are all replaced. */
  readonly ranges: KeyRange[];
  /** All memberships in these ranges from now on. */
  readonly memberships: Membership[];
}

/** A slice of this batch, or an earlier one. */
interface Held extends KnownSlice {
  readonly said?: SaidOfGroup<'members'>;
  readonly write?: SliceWrite;
}

interface Group extends Omit<KnownLists, 'slices'> {
  readonly before: readonly KnownSlice[];
  readonly held: Map<string, Held>;
  touched: boolean;
}

/**
 * Decides what each item does, in order, against the slices as earlier items left them. Pure.
 *
 * INVARIANT: the newest slice whose prefix covers a member decides about the member, whatever the order of arrival. A slice that is older
 * than a deletion, of the group or of the member, makes no member.
 * @param lists of groups of this forest
 * @param deletions sequences of deletions of users and groups of this forest, by anchor
 */
export function decideMembers(
  lists: readonly KnownLists[],
  deletions: ReadonlyMap<string, number>,
  items: readonly CheckedSlice[],
  nextChange: () => number,
): MembersPlan {
  const groups = new Map(
    lists.map(({ slices, ...group }): [string, Group] => {
      const held = new Map<string, Held>(slices.map(slice => [slice.prefix, slice]));
      return [group.source_anchor, { ...group, before: slices, held, touched: false }];
    }),
  );
  const decide = ({ item, said }: CheckedSlice): MembersVerdict => {
    const { prefix, record } = item;
    const group = groups.get(item.sourceAnchor);
    const settled = settledBefore(item, said, group);
    if (settled) return { ...settled, prefix };
    const { sequence } = said;
    const write = { group_id: group!.id, prefix, sequence, record, changed_seq: nextChange() };
    group!.held.set(prefix, { prefix, sequence, record, said, write });
    group!.touched = true;
    return { ...applied(item.sourceAnchor), prefix };
  };
  const verdicts = items.map(decide);
  const plans = [...groups.values()].filter(({ touched }) => touched).map(one => planOf(one, deletions));
  return {
    verdicts,
    writes: plans.flatMap(({ writes }) => writes),
    gone: plans.flatMap(({ gone }) => gone),
    ranges: plans.flatMap(({ ranges }) => ranges),
    memberships: plans.flatMap(({ memberships }) => memberships),
  };
}

/** The verdict on an item that changes nothing. */
function settledBefore(
  { sourceAnchor: anchor, prefix, record }: MembersChange,
  { sequence, objectGuid }: SaidOfGroup<'members'>,
  group: Group | undefined,
): Verdict | undefined {
  if (!group || (group.deleted && sequence > group.deleted_sequence!))
    return retry(anchor, 'unknown-group', 'its group is not there: the record of the group goes first');
  if (group.deleted_sequence !== null && sequence <= group.deleted_sequence)
    return refused(
      anchor,
      'older-sequence',
      `${sequence} is no newer than the group's deletion, ${group.deleted_sequence}`,
    );
  if (objectGuid !== group.object_guid)
    return refused(anchor, 'record-mismatch', 'the signed record says another objectGuid than the group has');
  const same = group.held.get(prefix);
  if (same?.sequence === sequence)
    return same.record === record ? unchanged(anchor) : refused(anchor, 'older-sequence', SAME_SEQUENCE);
  if (isLive({ prefix, sequence }, group.held)) return undefined;
  return refused(anchor, 'older-sequence', `slices that are newer than ${sequence} decide about all of it`);
}

/** Looks only at the slices that share members with it. */
function isLive(slice: Slice, held: ReadonlyMap<string, Slice>): boolean {
  const { prefix } = slice;
  const others = [...held.values()].filter(
    other => other.prefix.startsWith(prefix) || prefix.startsWith(other.prefix),
  );
  return liveSlices<Slice>([...others, slice]).includes(slice);
}

/** The plan for one group, from all the slices that it has had. */
function planOf({ id, before, held }: Group, deletions: ReadonlyMap<string, number>) {
  const live = liveSlices(held.values());
  const prefixes = new Set(live.map(({ prefix }) => prefix));
  const news = live.filter(({ write }) => write !== undefined);
  const parts = news.map(slice => ({ slice, ranges: decidedBy(slice, live).map(keyRange) }));
  const memberships = parts.flatMap(({ slice: { sequence, said }, ranges }) =>
    said!.members.flatMap(reference => {
      const key = memberKey(reference);
      const counts =
        (deletions.get(reference) ?? 0) < sequence && ranges.some(([from, to]) => from <= key && key <= to);
      return counts ? [{ group_id: id, key, reference }] : [];
    }),
  );
  return {
    writes: news.map(({ write }) => write!),
    gone: before
      .filter(({ prefix }) => !prefixes.has(prefix))
      .map(({ prefix }) => ({ group_id: id, prefix })),
    ranges: parts.flatMap(({ ranges }) => ranges.map(([from, to]) => ({ group_id: id, from, to }))),
    memberships,
  };
}

/** The parts of a slice's prefix that no newer slice decides, as few as possible. */
function decidedBy({ prefix, sequence }: Slice, live: readonly Slice[]): string[] {
  const newer = live.filter(other => other.sequence > sequence).map(other => other.prefix);
  const below = newer.filter(other => other.startsWith(prefix));
  const split = (part: string): string[] => {
    if (newer.some(other => part.startsWith(other))) return [];
    if (!below.some(other => other.startsWith(part))) return [part];
    return [...split(`${part}0`), ...split(`${part}1`)];
  };
  return split(prefix);
}

/** What to change so that the existing memberships become the wanted ones. Pure. */
export function compareMemberships(
  before: readonly Membership[],
  after: readonly Membership[],
): { gone: Membership[]; added: Membership[] } {
  if (before.length === 0) return { gone: [], added: [...after] };
  // A group's id has no space.
  const nameOf = ({ group_id, reference }: Membership): string => `${group_id} ${reference}`;
  const [had, has] = [before, after].map(side => new Set(side.map(nameOf)));
  return {
    gone: before.filter(one => !has!.has(nameOf(one))),
    added: after.filter(one => !had!.has(nameOf(one))),
  };
}
