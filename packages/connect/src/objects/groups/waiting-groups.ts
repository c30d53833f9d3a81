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

/** Groups that another place has and the directory does not. */
export const strangerGroupsOf = (context: Pick<ConnectorContext, 'connector'>): BulkList => ({
  ...groupDeletionsOf(context),
  kind: 'stranger-group',
});

/** GUIDs of the groups whose deletion waits for an administrator. */
export interface WaitingGroups {
  readonly deletions: ReadonlySet<string>;
  readonly strangers: ReadonlySet<string>;
}

/** Decides which deletions wait, by the same rules as for users but counted separately. Stores and reports them. */
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

/** As with users, a group whose deletion was signed once is deleted again without being counted again. */
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

/** Counts the deletion of a group that was never signed as deleted before, whether the tenant had it or only claimed so. */
export function noteStrangerGroupWent(context: ConnectorContext, { anchor }: SpaceObject): void {
  const { bulk, saidAnew, db } = context.store;
  if (!saidAnew.isKnown(anchor)) bulk.noteWent(strangerGroupsOf(context), anchor, db.now());
  saidAnew.note(anchor);
}

/** While the deletion waits, what the tenant lost is sent again unchanged. @returns undefined if nothing has to be sent */
export function groupWhileWaiting(object: SpaceObject): SpaceObject | undefined {
  if (!isSaidAnew(object)) return undefined;
  return { ...object, desiredDigest: digestOf(groupOf(object.attributes), object.guid) };
}
