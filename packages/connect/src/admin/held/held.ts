import type { HeldList } from '@causeway/contract';
import { type BulkLine, CausewayError, HELD_WORDS, type ShownList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { missingMembersOf, referenceOfLine } from '../../objects/groups/missing-members.ts';
import { groupDeletionsOf, strangerGroupsOf } from '../../objects/groups/waiting-groups.ts';
import { leaversOf } from '../../objects/leavers.ts';
import { canStillSignIn, creationsOf, deletionsOf, nameOf, strangersOf } from '../../objects/waiting.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { Connect } from '../../sync/connect.ts';
import type { Connector } from '../../sync/connector.ts';
import { forestConnectors } from '../connectors.ts';

type Operation = HeldList['operation'];

/** Names of one list; it may be longer. */
const LISTED = 10_000;

/** What waits, of one connector or of all. Every list is kept, so that it can be approved as it was shown. */
export function listHeld(connect: Connect, operation: Operation, name: string | undefined): HeldList[] {
  return forestConnectors(connect, name).flatMap(connector => {
    const { context } = connector;
    const { store } = context;
    const lists =
      operation === 'delete'
        ? [
            ...[deletionsOf, strangersOf, groupDeletionsOf, strangerGroupsOf, missingMembersOf].map(listOf =>
              listOf(context),
            ),
            ...[store.space, store.groups].map(space => leaversOf(context, space.kind)),
          ]
        : [creationsOf(context)];
    return lists.flatMap(list => {
      const shown = store.bulk.show(list, store.db.now());
      return shown === undefined ? [] : [describe(connector, { ...shown, ceased: 0 })];
    });
  });
}

/** @throws CausewayError 'no-such-list' */
export function getHeld(connect: Connect, digest: string): HeldList {
  const [first] = connect.connectors;
  const shown = first!.context.store.bulk.shown(digest);
  return describe(connectorOf(connect, shown), shown);
}

/** @throws CausewayError 'no-such-list', or 'other-list' for a list of another operation */
export function approveHeld(
  connect: Connect,
  digest: string,
  operation: Operation,
  caller: string,
): HeldList {
  const held = getHeld(connect, digest);
  if (held.operation !== operation) {
    const text = `the list ${digest} is one of ${HELD_WORDS[held.operation].what}, not of ${HELD_WORDS[operation].what}\nTo approve it:\n  causeway connect ${HELD_WORDS[held.operation].allow} ${digest}`;
    throw new CausewayError('other-list', text, { status: 409 });
  }
  const connector = connectorOf(connect, { scope: held.connector });
  const { store } = connector.context;
  return store.db.transaction(() => {
    const approved = store.bulk.approve(digest);
    const text = `${approved.lines.length} ${HELD_WORDS[operation].what} of the list ${digest} were approved by ${caller}; ${approved.ceased} did not hold any more`;
    store.events.add('settingsSaved', store.name, text);
    return describe(connector, approved);
  });
}

function connectorOf(connect: Connect, { scope }: Pick<ShownList, 'scope'>): Connector {
  return forestConnectors(connect, scope)[0]!;
}

function describe({ context }: Connector, list: ShownList & { ceased: number }): HeldList {
  const { digest, operation, kind, since, lines, ceased } = list;
  const people = lines.slice(0, LISTED).flatMap(line => describeLine(context, list, line) ?? []);
  const { name: connector, forest } = context.connector;
  const what = kind !== 'user' && { kind };
  return { digest, connector, forest, operation, ...what, since, people, count: lines.length, ceased };
}

function describeLine(
  context: ConnectorContext,
  { operation, kind }: Pick<ShownList, 'operation' | 'kind'>,
  line: BulkLine,
): HeldList['people'][number] | undefined {
  const { store } = context;
  const { anchor, change: objectGuid } = line;
  if (GROUPS.has(kind)) {
    const group = store.groups.get(objectGuid);
    if (group === undefined) return undefined;
    const sourceAnchor = kind === 'member' ? referenceOfLine(line) : anchor;
    const member = store.space.findByAnchor(sourceAnchor) ?? store.groups.findByAnchor(sourceAnchor);
    const user = String(member?.attributes.sAMAccountName ?? sourceAnchor);
    return {
      ...{ user, sourceAnchor, objectGuid, distinguishedName: group.dn, canSignIn: false },
      ...reasonOf(kind, group),
    };
  }
  const object = store.space.get(objectGuid);
  if (object === undefined) return undefined;
  const canSignIn = operation === 'delete' && canStillSignIn(object, context, store.db.now());
  // Of a stranger there may be no name.
  const user = object.attributes.sAMAccountName === undefined ? anchor : nameOf(object, context);
  return {
    ...{ user, sourceAnchor: anchor, objectGuid, distinguishedName: object.dn, canSignIn },
    ...reasonOf(kind, object),
  };
}

/** Kinds whose lines name a group. */
const GROUPS: ReadonlySet<ShownList['kind']> = new Set(['group', 'stranger-group', 'member', 'leaver-group']);

const reasonOf = (kind: ShownList['kind'], { scopeReason }: SpaceObject): { reason?: string } =>
  scopeReason !== undefined && (kind === 'leaver' || kind === 'leaver-group') ? { reason: scopeReason } : {};

/** @throws CausewayError 'approve-by-list': releases before let deletions go by their number */
export function refuseNumber(): never {
  const text = 'deletions are approved by their list, not by their number';
  throw new CausewayError('approve-by-list', text, { status: 409 });
}
