import type { BulkList } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import type { ObjectKind, SpaceObject } from '../store/space-object.ts';
import { groupDeletionsOf } from './groups/waiting-groups.ts';
import { deletionsOf } from './waiting.ts';

type Of = Pick<ConnectorContext, 'connector'>;

/** Objects that would leave only because the rules changed. */
export const leaversOf = (context: Of, kind: ObjectKind): BulkList => ({
  ...deletionsOf(context),
  kind: kind === 'group' ? 'leaver-group' : 'leaver',
});

/** The list that an object's deletion counts in. */
export function listOfDeletion(
  context: Of,
  kind: ObjectKind,
  { leaving }: Pick<SpaceObject, 'leaving'>,
): BulkList {
  if (leaving === 'goes') return leaversOf(context, kind);
  return kind === 'group' ? groupDeletionsOf(context) : deletionsOf(context);
}

/**
 * Releases the objects that an administrator approved, and reports each object that waits for the first time.
 *
 * INVARIANT: a change of the rules never removes anybody by itself, however few they are.
 */
export function holdLeavers({ store, connector }: ConnectorContext): void {
  const now = store.db.now();
  for (const space of [store.space, store.groups]) {
    const list = leaversOf({ connector }, space.kind);
    const pending = space.listLeaving().map(({ guid, anchor }) => ({ anchor, change: guid }));
    if (pending.length === 0 && !store.bulk.isHolding(list)) continue;
    store.db.transaction(() => {
      const { approved, held, fresh } = store.bulk.decideAll(list, pending, now);
      for (const { change } of approved) space.letGo(change);
      if (fresh.length === 0) return;
      const who = space.kind === 'group' ? 'groups' : 'people';
      const text = `${held.length} ${who} leave because the rules changed by which is decided who is synchronized. They stay as they are until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
      store.events.add('deletionThreshold', connector.name, text);
    });
  }
}
