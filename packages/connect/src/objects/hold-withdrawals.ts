import type { BulkList } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { deletionsOf, deletionThreshold } from './waiting.ts';

type Of = Pick<ConnectorContext, 'connector'>;

/** Whose password would be withdrawn because the directory put them out of the scope of passwords. */
export const withdrawalsOf = (context: Of): BulkList => ({ ...deletionsOf(context), kind: 'password' });

/** The same of those whom only a change of the rules did. */
export const leaverWithdrawalsOf = (context: Of): BulkList => ({
  ...deletionsOf(context),
  kind: 'leaver-password',
});

/**
 * Withdraws the passwords of whoever left their scope, as they are read next. To be called before passwords are read.
 *
 * INVARIANT: no password is withdrawn in bulk by surprise. What the directory says goes at once up to the threshold of deletions, counted
 * for itself; what only a change of the rules says waits for an administrator, however little it is. Whose withdrawal waits is sent their
 * passwords meanwhile.
 */
export function holdWithdrawals(context: ConnectorContext): void {
  const { store } = context;
  const now = store.db.now();
  for (const by of ['directory', 'rules'] as const) {
    const list = by === 'rules' ? leaverWithdrawalsOf(context) : withdrawalsOf(context);
    const pending = store.passwordLeavers.list(by).map(({ guid, anchor }) => ({ anchor, change: guid }));
    if (pending.length === 0 && !store.bulk.isHolding(list)) continue;
    store.db.transaction(() => {
      const counts = { objects: store.passwords.countAcknowledged(), threshold: deletionThreshold(context) };
      const { go, approved, held, fresh } =
        by === 'rules'
          ? store.bulk.decideAll(list, pending, now)
          : store.bulk.decideDeletions(list, pending, counts, now);
      for (const { anchor, change } of [...go, ...approved]) {
        store.passwordLeavers.letGo(change);
        store.queue.putDue(
          change,
          'password-scope',
          'left the scope of passwords: its password is withdrawn',
        );
        store.bulk.noteWent(list, anchor, now);
      }
      if (fresh.length > 0) tellHeld(context, by, held.length);
    });
  }
}

function tellHeld({ store, connector }: ConnectorContext, by: 'directory' | 'rules', count: number): void {
  const why =
    by === 'rules'
      ? 'because the rules changed by which is decided whose passwords are synchronized'
      : 'by changes of the directory, more than may within 24 hours';
  const text = `${count} people leave the scope of passwords ${why}. Their passwords stay, and go on, until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
  store.events.add('deletionThreshold', connector.name, text);
}
