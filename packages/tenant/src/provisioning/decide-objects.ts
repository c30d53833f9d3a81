import { EMPTY_PROFILE, type ObjectChange, type Profile, type Verdict } from '@causeway/contract';
import { type AccountRecord, ageOf } from '@causeway/records';
import { nameKey } from '@causeway/wire';
import type { NameColumns, NameRow } from '../people/provision-names.ts';
import { signInNameProblem } from '../people/sign-in-names.ts';
import type { Deletion } from './drop-references.ts';
import { objectIdOf } from './object-id.ts';
import { SAME_SEQUENCE } from './stored-records.ts';
import { applied, refused, reTyped, unchanged } from './verdicts.ts';

/** An item whose record is about this user. State, userPrincipalName and SID come from the record. */
export interface Checked {
  readonly item: ObjectChange;
  readonly said: AccountRecord;
}

/** What a batch has to know of a user, and what it leaves behind. */
export interface Account extends NameRow {
  origin: 'synchronized' | 'cloud';
  object_guid: string | null;
  account_sequence: number | null;
  /** Of the newest deletion; kept when the user comes back. */
  deleted_sequence: number | null;
  /** Read only if an item has the same sequence. */
  account_record?: string | null | undefined;
  deleted: boolean;
}

/** A row as it is written. `forget` drops the credential: of a deleted user, and when another object took over the anchor. */
export interface Write extends Omit<Account, keyof NameColumns> {
  id: string;
  sam_account_name: string | null;
  security_identifier: string | null;
  account_enabled: boolean;
  account_expires: string | null;
  profile: Profile;
  account_record: string;
  changed_seq: number;
  forget: boolean;
  forget_order: boolean;
}

/**
 * Decides what each item does, in order, against the accounts as earlier items left them. Pure.
 * @param accounts of this forest
 * @param groups anchors of groups of this forest
 */
export function decideObjects(
  accounts: readonly Account[],
  groups: ReadonlySet<string>,
  { tenantId, forest }: { tenantId: string; forest: string },
  items: readonly Checked[],
  nextChange: () => number,
): { verdicts: Verdict[]; writes: Write[]; deletions: Deletion[] } {
  const byAnchor = new Map<string, Known>(accounts.map(account => [account.source_anchor!, account]));
  const writes = new Map<string, Write>();
  const deletions: Deletion[] = [];

  const decide = (checked: Checked): Verdict => {
    const { sourceAnchor, sequence } = checked.item;
    if (groups.has(sourceAnchor)) return refused(sourceAnchor, 'record-mismatch', reTyped('group'));
    const before = byAnchor.get(sourceAnchor);
    const settled = settledBefore(checked, before);
    if (settled) return settled;
    const id = before?.id ?? objectIdOf(tenantId, forest, sourceAnchor);
    const after = rowOf(checked, { id, forest, before, earlier: writes.get(id), changed_seq: nextChange() });
    byAnchor.set(sourceAnchor, after);
    writes.set(id, after);
    if (after.deleted) deletions.push({ anchor: sourceAnchor, sequence });
    return applied(sourceAnchor);
  };
  return { verdicts: items.map(decide), writes: [...writes.values()], deletions };
}

/**
 * The verdict on an item that changes nothing, because it is older than the known state or equal to it. Keeps the deletion of an
 * unknown user like any other: the managed domain may have a user whom this tenant lost.
 */
function settledBefore({ item }: Checked, before: Known | undefined): Verdict | undefined {
  const { sourceAnchor, sequence } = item;
  const newest = before?.account_sequence;
  const age = ageOf({ sequence }, { sequence: newest });
  if (age === 'same' && item.record !== before?.account_record)
    return refused(sourceAnchor, 'older-sequence', SAME_SEQUENCE);
  if (age === 'older-sequence') return refused(sourceAnchor, age, `${sequence} is older than ${newest}`);
  return age === 'same' ? unchanged(sourceAnchor) : undefined;
}

interface RowContext extends Pick<Write, 'id' | 'changed_seq'> {
  forest: string;
  before: Known | undefined;
  /** What an earlier item of the batch writes of the same user. */
  earlier: Write | undefined;
}

function rowOf({ item, said }: Checked, { id, forest, before, earlier, changed_seq }: RowContext): Write {
  const anotherObject = before !== undefined && before.object_guid !== said.objectGuid;
  return {
    ...{ id, origin: 'synchronized', source_anchor: item.sourceAnchor, forest, object_guid: said.objectGuid },
    ...namesOf(item, said, before, changed_seq),
    account_sequence: item.sequence,
    deleted_sequence: said.deleted ? item.sequence : (before?.deleted_sequence ?? null),
    deleted: said.deleted,
    ...stateOf(item, said),
    account_record: item.record,
    changed_seq,
    forget: said.deleted || anotherObject || earlier?.forget === true,
    forget_order: anotherObject || earlier?.forget_order === true,
  };
}

/** What a forest says of names. Which of them its users get is settled for the whole batch. */
type NamesOfForest = 'user_principal_name' | 'wanted_key' | 'wanted_since';

/** A user as the batch has left it so far. */
type Known = Pick<
  Account,
  'id' | 'object_guid' | 'account_sequence' | 'deleted_sequence' | 'account_record' | NamesOfForest
>;

/**
 * The name comes from the record. If the item differs, or the record has no name, the user gets none, and the last known one is kept
 * for display.
 */
function namesOf(
  item: ObjectChange,
  { userPrincipalName: name }: AccountRecord,
  before: Pick<Write, NamesOfForest> | undefined,
  now: number,
): Pick<Write, NamesOfForest> {
  const agreed = item.operation === 'delete' || item.userPrincipalName === name;
  const usable = agreed && name !== null && signInNameProblem(name) === undefined;
  const wanted_key = usable ? nameKey(name) : null;
  return {
    user_principal_name: (agreed ? name : null) ?? before?.user_principal_name ?? '',
    wanted_key,
    wanted_since: before !== undefined && before.wanted_key === wanted_key ? before.wanted_since : now,
  };
}

function stateOf(
  item: ObjectChange,
  said: AccountRecord,
): Pick<
  Write,
  'sam_account_name' | 'security_identifier' | 'account_enabled' | 'account_expires' | 'profile'
> {
  return {
    // The record's is for the managed domain, and may come from another attribute. After a deletion the last known one is kept.
    sam_account_name: item.operation === 'upsert' ? item.onPremisesSamAccountName : null,
    security_identifier: said.objectSid,
    account_enabled: said.enabled && !said.deleted,
    account_expires: said.accountExpires,
    profile: item.operation === 'upsert' ? item.profile : EMPTY_PROFILE,
  };
}
