import type { MemberChanges, MemberValue } from '@causeway/active-directory';
import type { ConnectorContext } from '../../context.ts';
import type { ConnectorSpace } from '../../store/connector-space.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { ConnectorStore } from '../../store/store.ts';
import { type DecidedObject, type DirectoryObject, decideObject } from '../merge.ts';
import { placeIn } from '../place-in.ts';
import { primaryGroupOf, referenceOf, ridOf } from './references.ts';

/** Where an object is known, and as what. An unknown object belongs where its class does. */
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

/** What goes along with the directory's attributes of an object. */
export interface Putting {
  readonly generation: number;
  /** The SID of the domain that is read. */
  readonly domainSid: string | undefined;
  /** It was deleted before, or its state is unknown: the directory has to be asked for its groups. */
  readonly restored?: boolean;
  /** It was deleted and restored between two deltas, or its state is unknown: its known memberships may be outdated. */
  readonly isReadWhole?: boolean;
  readonly memberChanges?: MemberChanges;
  /** The rules changed, not the directory. */
  readonly byRules?: boolean;
  /** Whether a user is in any group of the scope; unchanged if not given. */
  readonly isMember?: boolean | undefined;
}

/** Stores what the directory says of an object, and what follows for itself, its members, and its groups. */
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
 * Marks objects that a full import did not meet as deleted and removes them from all groups.
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

/** Queues the present password of a user who joined the password scope, and the withdrawal of one who left it: no delta brings either. */
function notePasswords(
  store: ConnectorStore,
  known: SpaceObject | undefined,
  { guid, passwords = 'sent' }: DecidedObject,
): void {
  if (known?.exportedDigest === undefined || known.passwords === passwords) return;
  const says = passwords === 'sent' ? 'came into' : 'left';
  store.queue.putDue(guid, 'password-scope', `${says} the scope of passwords: read whole`);
  // A kept password may never have been sealed, although it did not change.
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
    if (listed) slices.soilAll(id); // the signed slices may name members that it no longer has
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
      // If they only moved, other domains now name them by another SID or by the anchor, and this domain names them by a SID.
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
