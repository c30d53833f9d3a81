import type { HeldList } from '@causeway/contract';
import { type BulkLine, CausewayError, HELD_WORDS, type ShownList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { missingMembersOf, referenceOfLine } from '../../objects/groups/missing-members.ts';
import { groupDeletionsOf, strangerGroupsOf } from '../../objects/groups/waiting-groups.ts';
import { leaverWithdrawalsOf, withdrawalsOf } from '../../objects/hold-withdrawals.ts';
import { leaversOf } from '../../objects/leavers.ts';
import { accountName } from '../../objects/names/account-name.ts';
import { Clashes } from '../../objects/names/clashes.ts';
import { renamesOf } from '../../objects/names/renames.ts';
import { canStillSignIn, creationsOf, deletionsOf, nameOf, strangersOf } from '../../objects/waiting.ts';
import { WHY_NO_PASSWORD } from '../../scope/rules.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { Connect } from '../../sync/connect.ts';
import type { Connector } from '../../sync/connector.ts';
import { forestConnectors } from '../connectors.ts';

type Operation = HeldList['operation'];

/** Lines shown of one list, which may be longer. */
const LISTED = 10_000;

/** What waits for an administrator, of one connector or of all. Keeps each list, so that it can be approved as it was shown. */
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
            ...[withdrawalsOf, leaverWithdrawalsOf].map(listOf => listOf(context)),
          ]
        : [operation === 'create' ? creationsOf(context) : renamesOf(context)];
    return lists.flatMap(list => {
      const shown = store.bulk.show(list, store.db.now());
      return shown === undefined ? [] : [describe(connect, connector, { ...shown, ceased: 0 })];
    });
  });
}

/** @throws CausewayError 'no-such-list' */
export function getHeld(connect: Connect, digest: string): HeldList {
  const [first] = connect.connectors;
  const shown = first!.context.store.bulk.shown(digest);
  return describe(connect, connectorOf(connect, shown), shown);
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
    throw new CausewayError('other-list', text);
  }
  const connector = connectorOf(connect, { scope: held.connector });
  const { store } = connector.context;
  return store.db.transaction(() => {
    const approved = store.bulk.approve(digest);
    const text = `${approved.lines.length} ${HELD_WORDS[operation].what} of the list ${digest} were approved by ${caller}; ${approved.ceased} did not hold any more`;
    store.events.add('settingsSaved', store.name, text);
    return describe(connect, connector, approved);
  });
}

function connectorOf(connect: Connect, { scope }: Pick<ShownList, 'scope'>): Connector {
  return forestConnectors(connect, scope)[0]!;
}

function describe(connect: Connect, { context }: Connector, list: ShownList & { ceased: number }): HeldList {
  const { digest, operation, kind, since, lines, ceased } = list;
  const shown = lines.slice(0, LISTED);
  const people =
    operation === 'rename'
      ? describeRenames(connect, context, shown)
      : shown.flatMap(line => describeLine(context, list, line) ?? []);
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
  // A stranger may have no name here.
  const user = object.attributes.sAMAccountName === undefined ? anchor : nameOf(object, context);
  return {
    ...{ user, sourceAnchor: anchor, objectGuid, distinguishedName: object.dn, canSignIn },
    ...reasonOf(kind, object),
  };
}

function describeRenames(
  { connectors }: Connect,
  context: ConnectorContext,
  lines: readonly BulkLine[],
): HeldList['people'] {
  const { store, connector } = context;
  const clashes = new Clashes(
    connectors.map(one => one.context),
    lines.map(({ change }) => change),
    one => one.store.rules.get().accountNames,
  );
  return lines.flatMap(({ anchor, change: to }) => {
    const object = store.space.findByAnchor(anchor);
    if (object === undefined) return [];
    const { guid: objectGuid, dn: distinguishedName, attributes, namedBy } = object;
    const from = accountName(attributes, namedBy);
    return {
      ...{ user: nameOf(object, context), sourceAnchor: anchor, objectGuid, distinguishedName },
      canSignIn: false,
      rename: { from, to, clashes: clashes.of({ forest: connector.forest, anchor, name: to }) },
    };
  });
}

/** Kinds whose lines name a group. */
const GROUPS: ReadonlySet<ShownList['kind']> = new Set(['group', 'stranger-group', 'member', 'leaver-group']);

function reasonOf(kind: ShownList['kind'], { scopeReason }: SpaceObject): { reason?: string } {
  if (kind === 'password' || kind === 'leaver-password') return { reason: WHY_NO_PASSWORD };
  return scopeReason !== undefined && (kind === 'leaver' || kind === 'leaver-group')
    ? { reason: scopeReason }
    : {};
}

/** @throws CausewayError 'approve-by-list': older releases approved deletions by their number */
export function refuseNumber(): never {
  const text = 'deletions are approved by their list, not by their number';
  throw new CausewayError('approve-by-list', text);
}
