import type { BulkLine, BulkList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { isSaidAnew } from '../../store/comparing/marks.ts';
import type { SpaceObject } from '../../store/connector-space.ts';
import { EventId } from '../../store/events.ts';
import { groupDigest, groupOf } from './decide-group.ts';

export const groupDeletionsOf = ({ connector }: Pick<ConnectorContext, 'connector'>): BulkList => ({
  scope: connector.name,
  operation: 'delete',
  kind: 'group',
});

/** Decides whose deletion waits for an administrator, by the same table as of users, counted apart; remembers and tells it. @returns GUIDs */
export function holdGroupDeletions(context: ConnectorContext): ReadonlySet<string> {
  const { store, settings, connector } = context;
  const list = groupDeletionsOf(context);
  const pending = store.groups
    .listPending('delete')
    .map(({ guid, anchor }): BulkLine => ({ anchor, change: guid }));
  if (pending.length === 0 && !store.bulk.isHolding(list)) return new Set();
  const counts = { objects: store.groups.countExported(), threshold: settings.deletionThreshold };
  const { held, fresh, limit } = store.db.transaction(() =>
    store.bulk.decideDeletions(list, pending, counts, store.db.now()),
  );
  if (fresh.length > 0) {
    const text = `Prevent Accidental Deletes: ${held.length} groups are to be deleted, more than ${limit} within 24 hours. They wait until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
    store.events.add(EventId.deletionThreshold, 'error', connector.name, text);
  }
  return new Set(held.map(({ change }) => change));
}

/** What the tenant lost goes again, as it was, while the deletion waits. @returns undefined for what stays as it is */
export function groupWhileWaiting(object: SpaceObject): SpaceObject | undefined {
  if (!isSaidAnew(object)) return undefined;
  return { ...object, desiredDigest: groupDigest(groupOf(object.attributes), object.guid) };
}
