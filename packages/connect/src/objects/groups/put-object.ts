import type { MemberChanges, MemberValue } from '@causeway/active-directory';
import type { ConnectorContext } from '../../context.ts';
import type { ConnectorSpace } from '../../store/connector-space.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { ConnectorStore } from '../../store/store.ts';
import { type DecidedObject, type DirectoryObject, decideObject } from '../merge.ts';
import { placeIn } from '../place-in.ts';
import { primaryGroupOf, referenceOf, ridOf } from './references.ts';

/** Where an object is known, and as what; one that is not known yet belongs where its class does. */
export function findKnown(
  store: ConnectorStore,
  guid: string,
  objectClass: readonly string[] = [],
): { space: ConnectorSpace; known: SpaceObject | undefined } {
  for (const space of [store.space, store.groups]) {
    const known = space.get(guid);
    if (known) return { space, known };
  }
  const isGroup = objectClass.some(name => name.toLowerCase() === 'group');
  return { space: isGroup ? store.groups : store.space, known: undefined };
}

/** What goes with what the directory says of an object. */
export interface Putting {
  readonly generation: number;
  /** Of the domain that is read. */
  readonly domainSid: string | undefined;
  /** It was deleted before, or nobody knows what it was: the groups that it is in are to be asked for. */
  readonly restored?: boolean;
  /** It was deleted and came back between two deltas, or nobody knows what it was: what is known of its memberships is from before. */
  readonly isReadWhole?: boolean;
  readonly memberChanges?: MemberChanges;
  /** The rules changed, and not the directory. */
  readonly byRules?: boolean;
  /** Whether a person is in any group of the scope; as it was known where it is not said. */
  readonly isMember?: boolean | undefined;
}

/** Writes what the directory says of an object, and what follows from it: for itself, for its members, for the groups that it is in. */
export function putObject(
  { store, scope }: Pick<ConnectorContext, 'store' | 'scope'>,
  { space, known }: { space: ConnectorSpace; known: SpaceObject | undefined },
  object: DirectoryObject,
  putting: Putting,
): DecidedObject {
  const rules = store.rules.get();
  const placed = placeIn(store, rules, object, known);
  const { byRules = false, isMember = known?.isMember } = putting;
  const isThere = known?.exportedDigest !== undefined;
  const namedBy = isThere ? known.namedBy : space.elsewhere.namedBy(object.guid);
  const decided = decideObject(space.kind, object, {
    ...{ scope, rules, placed, known, byRules, isMember, namedBy },
  });
  space.put(decided, putting.generation);
  if (space.kind === 'group') noteGroup(store, known, decided, putting);
  else notePasswords(store, known, decided);
  noteMember(store, space, { known, object: decided }, putting);
  return decided;
}

/**
 * Objects that a full import did not meet are gone, and so they are from all groups.
 * @returns how many, and how many of them were synchronized
 */
export function noteGone(store: ConnectorStore, generation: number): { gone: number; fromScope: number } {
  const inScope = () => store.space.countInScope() + store.groups.countInScope();
  const before = inScope();
  const users = store.space.markUnseenDeleted(generation);
  for (const { anchor } of users) store.members.forget(anchor);
  const groups = store.groups.markUnseenDeleted(generation);
  for (const { anchor, guid } of groups) {
    store.members.forget(anchor);
    const group = store.lists.get(guid);
    if (group) store.members.clear(group.id);
  }
  return { gone: users.length + groups.length, fromScope: before - inScope() };
}

/** Whose passwords go from now on is sent the present one, and who leaves is told so: no delta brings either. */
function notePasswords(
  store: ConnectorStore,
  known: SpaceObject | undefined,
  { guid, passwords = 'sent' }: DecidedObject,
): void {
  if (known?.exportedDigest === undefined || known.passwords === passwords) return;
  const says = passwords === 'sent' ? 'came into' : 'left';
  store.queue.putDue(guid, 'password-scope', `${says} the scope of passwords: read whole`);
  // One that was kept may never have been sealed, and is the same as before.
  if (passwords === 'sent' && known.passwords === 'kept') store.owed.put(guid);
}

const textOf = ({ attributes }: DirectoryObject, name: string): string | undefined =>
  attributes[name] === undefined ? undefined : String(attributes[name]);

function noteGroup(
  store: ConnectorStore,
  known: SpaceObject | undefined,
  group: DecidedObject,
  { domainSid, memberChanges, isReadWhole = false }: Putting,
): void {
  const { lists, members, slices } = store;
  const rid = ridOf(textOf(group, 'objectSid'), domainSid);
  const listed = lists.get(group.guid);
  if (group.deleted) {
    if (listed && known?.deleted === false) members.clear(listed.id);
    return;
  }
  const { id } = listed ?? lists.begin(group.guid, rid);
  if (listed && isReadWhole) members.clear(id);
  if (listed === undefined || known?.deleted || isReadWhole) {
    if (rid !== null) members.setPrimary(id, members.byPrimaryGroup(rid), true);
    lists.order(group.guid, 'restored');
    if (listed) slices.soilAll(id); // what is signed may name whom it has no more
  }
  if (memberChanges === undefined) return;
  const unknown: MemberValue[] = [];
  const references = (values: readonly MemberValue[]): string[] =>
    values.flatMap(value => {
      const reference = referenceOf(value, domainSid);
      if (reference === undefined) unknown.push(value);
      return reference ?? [];
    });
  members.remove(id, references(memberChanges.removed));
  members.add(id, references(memberChanges.added));
  if (memberChanges.isWhole || unknown.length > 0)
    lists.order(group.guid, 'the directory did not say which members changed');
}

const MOVED = 'a member moved between two domains of the forest';

function noteMember(
  store: ConnectorStore,
  { elsewhere }: ConnectorSpace,
  { known, object }: { known: SpaceObject | undefined; object: DecidedObject },
  { restored = false, isReadWhole = false }: Putting,
): void {
  const { lists, members, slices } = store;
  const { anchor, guid } = object;
  if (object.deleted) {
    if (known?.deleted !== false) return;
    if (elsewhere.any) {
      // Should they only have moved, other domains name them by another SID or by the anchor now, and this one by a SID.
      const isElsewhere = elsewhere.find(guid).some(({ inScope }) => inScope);
      lists.orderNaming([textOf(object, 'objectSid') ?? anchor, ...(isElsewhere ? [anchor] : [])], MOVED);
    }
    members.forget(anchor);
    return;
  }
  if (known && isReadWhole) {
    slices.soilReferences([anchor]);
    members.forget(anchor);
  }
  const before =
    known === undefined || known.deleted || isReadWhole ? undefined : primaryGroupOf(known.attributes);
  const now = primaryGroupOf(object.attributes);
  if (before !== now) {
    for (const [rid, isPrimary] of [
      [before, false],
      [now, true],
    ] as const) {
      const group = rid === undefined ? undefined : lists.byRid(rid);
      if (group !== undefined) members.setPrimary(group, [anchor], isPrimary);
    }
  }
  if (restored || known?.deleted) lists.orderLookUp(guid);
  const comes = object.desiredDigest !== undefined && known?.desiredDigest === undefined;
  if (!comes) return;
  slices.soilReferences([anchor, textOf(object, 'objectSid') ?? anchor]);
  if (!elsewhere.any) return;
  const formerSids = elsewhere.find(guid).flatMap(({ sid }) => sid ?? []);
  lists.orderNaming([anchor, ...formerSids], MOVED);
}
