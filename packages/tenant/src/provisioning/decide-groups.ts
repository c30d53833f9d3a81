import type { GroupChange, Verdict } from '@causeway/contract';
import { ageOf } from '@causeway/records';
import type { Deletion } from './drop-references.ts';
import type { SaidOfGroup } from './group-record-check.ts';
import { objectIdOf } from './object-id.ts';
import { SAME_SEQUENCE } from './stored-records.ts';
import { applied, refused, reTyped, unchanged } from './verdicts.ts';

/** An item whose record is about this group. Everything known of the item comes from the record. */
export interface CheckedGroup {
  readonly item: GroupChange;
  readonly said: SaidOfGroup<'group'>;
}

/** What a batch has to know of a group. */
export interface KnownGroup {
  readonly id: string;
  readonly source_anchor: string;
  readonly object_guid: string;
  readonly sequence: number;
  readonly deleted_sequence: number | null;
  readonly record: string;
}

/** A row as it is written. `forget` drops slices and memberships: of a deleted group, and when another object took over the anchor. */
export interface GroupWrite extends KnownGroup {
  readonly forest: string;
  readonly display_name: string | null;
  readonly sam_account_name: string | null;
  readonly mail: string | null;
  readonly security_identifier: string | null;
  readonly security_enabled: boolean;
  readonly scope: string;
  readonly changed_seq: number;
  readonly deleted: boolean;
  readonly forget: boolean;
}

export interface GroupsPlan {
  readonly verdicts: Verdict[];
  readonly writes: GroupWrite[];
  /** Of deleted groups, including those that came back in the same batch. */
  readonly deletions: Deletion[];
}

/**
 * Decides what each item does, in order, against the groups as earlier items left them. Keeps the deletion of an unknown group like any
 * other. Pure.
 * @param groups of this forest
 * @param users anchors of users of this forest
 */
export function decideGroups(
  groups: readonly KnownGroup[],
  users: ReadonlySet<string>,
  { tenantId, forest }: { tenantId: string; forest: string },
  items: readonly CheckedGroup[],
  nextChange: () => number,
): GroupsPlan {
  const known = new Map(groups.map(group => [group.source_anchor, group]));
  const writes = new Map<string, GroupWrite>();
  const deletions: Deletion[] = [];
  const decide = ({ item, said }: CheckedGroup): Verdict => {
    const anchor = item.sourceAnchor;
    if (users.has(anchor)) return refused(anchor, 'record-mismatch', reTyped('user'));
    const before = known.get(anchor);
    const settled = settledBefore(anchor, said.sequence, item.record, before);
    if (settled) return settled;
    const id = before?.id ?? objectIdOf(tenantId, forest, anchor);
    const forget =
      said.deleted || (before && before.object_guid !== said.objectGuid) || writes.get(anchor)?.forget;
    const write = {
      ...rowOf(said, item.record),
      ...{ id, forest, changed_seq: nextChange(), forget: forget === true },
      deleted_sequence: said.deleted ? said.sequence : (before?.deleted_sequence ?? null),
    };
    if (said.deleted) deletions.push({ anchor, sequence: said.sequence });
    known.set(anchor, write);
    writes.set(anchor, write);
    return applied(anchor);
  };
  return { verdicts: items.map(decide), writes: [...writes.values()], deletions };
}

function settledBefore(
  anchor: string,
  sequence: number,
  record: string,
  before: KnownGroup | undefined,
): Verdict | undefined {
  const age = ageOf({ sequence }, { sequence: before?.sequence });
  if (age === 'same' && record !== before?.record) return refused(anchor, 'older-sequence', SAME_SEQUENCE);
  if (age === 'older-sequence') return refused(anchor, age, `${sequence} is older than ${before?.sequence}`);
  return age === 'same' ? unchanged(anchor) : undefined;
}

const rowOf = (said: SaidOfGroup<'group'>, record: string) => ({
  source_anchor: said.sourceAnchor,
  object_guid: said.objectGuid,
  display_name: said.displayName,
  sam_account_name: said.sAMAccountName,
  mail: said.mail,
  security_identifier: said.objectSid,
  security_enabled: said.securityEnabled,
  scope: said.scope,
  sequence: said.sequence,
  record,
  deleted: said.deleted,
});
