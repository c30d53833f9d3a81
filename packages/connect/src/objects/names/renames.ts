import type { BulkList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { decideAnew } from '../apply-rules.ts';

/** Users whom only a change of the rules would rename in the managed domain. The change of a line is the new name. */
export const renamesOf = ({ connector }: Pick<ConnectorContext, 'connector'>): BulkList => ({
  scope: connector.name,
  operation: 'rename',
  kind: 'user',
});

/**
 * Gives each approved name to the user who waited for it, and reports each user who waits for the first time. Call it before an export.
 *
 * INVARIANT: a change of the rules never renames anybody by itself, however few they are.
 */
export function holdRenames(context: ConnectorContext): void {
  const { store, connector } = context;
  const list = renamesOf(context);
  const pending = store.accountNames.waiting().map(({ anchor, name }) => ({ anchor, change: name }));
  if (pending.length === 0 && !store.bulk.isHolding(list)) return;
  store.db.transaction(() => {
    const { approved, held, fresh } = store.bulk.decideAll(list, pending, store.db.now());
    const namedBy = store.rules.get().accountNames;
    for (const { anchor } of approved) {
      const known = store.space.findByAnchor(anchor)!;
      decideAnew(context, store.space, { ...known, namedBy }, { byRules: false });
      store.bulk.noteWent(list, anchor, store.db.now());
    }
    if (fresh.length === 0) return;
    const text = `${held.length} people would be called otherwise in the managed domain because accountNames of '${connector.name}' changed. They keep their names until you have looked at them: causeway connect renames --connector '${connector.name}'`;
    store.events.add('deletionThreshold', connector.name, text);
  });
}
