import type { BulkList } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { deletionsOf, deletionThreshold } from './waiting.ts';

type Of = Pick<ConnectorContext, 'connector'>;

/** Users whose password would be withdrawn because the directory put them out of the password scope. */
export const withdrawalsOf = (context: Of): BulkList => ({ ...deletionsOf(context), kind: 'password' });

/** The same for users whom only a change of the rules put out of it. */
export const leaverWithdrawalsOf = (context: Of): BulkList => ({
  ...deletionsOf(context),
  kind: 'leaver-password',
});

/**
 * Queues the withdrawal of passwords whose users left the password scope. Call it before passwords are read.
 *
 * INVARIANT: no password is withdrawn in bulk by surprise. Withdrawals that the directory caused go at once, up to the deletion threshold,
 * which counts them separately. Withdrawals that only a change of the rules caused always wait for an administrator. While a withdrawal
 * waits, the user's passwords are still sent.
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
