import type { BulkLine, BulkList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { isSaidAnew } from '../../store/comparing/marks.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import { digestOf } from '../attributes.ts';
import { deletionThreshold } from '../waiting.ts';
import { groupOf } from './decide-group.ts';

export const groupDeletionsOf = ({ connector }: Pick<ConnectorContext, 'connector'>): BulkList => ({
  scope: connector.name,
  operation: 'delete',
  kind: 'group',
});

/** Groups that another place has and the directory has not. */
export const strangerGroupsOf = (context: Pick<ConnectorContext, 'connector'>): BulkList => ({
  ...groupDeletionsOf(context),
  kind: 'stranger-group',
});

/** GUIDs of those whose deletion waits for an administrator. */
export interface WaitingGroups {
  readonly deletions: ReadonlySet<string>;
  readonly strangers: ReadonlySet<string>;
}

/** Decides whose deletion waits, by the same table as of users, counted apart; remembers and tells it. */
export function holdGroups(context: ConnectorContext): WaitingGroups {
  return context.store.db.transaction(() => ({
    deletions: holdDeletions(context),
    strangers: holdStrangers(context),
  }));
}

const lineOf = ({ guid, anchor }: { guid: string; anchor: string }): BulkLine => ({ anchor, change: guid });

function holdDeletions(context: ConnectorContext): ReadonlySet<string> {
  const { store, connector } = context;
  const list = groupDeletionsOf(context);
  const pending = store.groups.listPending('delete').map(lineOf);
  if (pending.length === 0 && !store.bulk.isHolding(list)) return new Set();
  const counts = { objects: store.groups.countExported(), threshold: deletionThreshold(context) };
  const { held, fresh, limit } = store.bulk.decideDeletions(list, pending, counts, store.db.now());
  if (fresh.length > 0) {
    const text = `Prevent Accidental Deletes: ${held.length} groups are to be deleted, more than ${limit} within 24 hours. They wait until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
    store.events.add('deletionThreshold', connector.name, text);
  }
  return new Set(held.map(({ change }) => change));
}

/** Whose deletion was signed once is deleted again without being counted again, as of people. */
function holdStrangers(context: ConnectorContext): ReadonlySet<string> {
  const { store, connector } = context;
  const list = strangerGroupsOf(context);
  const all = store.groups.listPending('stranger');
  if (all.length === 0 && !store.bulk.isHolding(list)) return new Set();
  const pending = all.filter(({ anchor }) => !store.saidAnew.isKnown(anchor)).map(lineOf);
  const counts = { objects: store.groups.countExported(), threshold: deletionThreshold(context) };
  const { held, fresh, limit } = store.bulk.decideDeletions(list, pending, counts, store.db.now());
  if (fresh.length > 0) {
    const text = `ALARM: ${held.length} groups that ${connector.forest} has not were found in the tenant or in the managed domain, more than ${limit} within 24 hours: it invents them, or Connect has lost that they were deleted. Their deletions wait until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
    store.events.add('deletionThreshold', connector.name, text);
  }
  return new Set(held.map(({ change }) => change));
}

/** Counts a group that was never signed as deleted before, whether the tenant had it or only said so. */
export function noteStrangerGroupWent(context: ConnectorContext, { anchor }: SpaceObject): void {
  const { bulk, saidAnew, db } = context.store;
  if (!saidAnew.isKnown(anchor)) bulk.noteWent(strangerGroupsOf(context), anchor, db.now());
  saidAnew.note(anchor);
}

/** What the tenant lost goes again, as it was, while the deletion waits. @returns undefined for what stays as it is */
export function groupWhileWaiting(object: SpaceObject): SpaceObject | undefined {
  if (!isSaidAnew(object)) return undefined;
  return { ...object, desiredDigest: digestOf(groupOf(object.attributes), object.guid) };
}
