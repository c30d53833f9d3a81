import type { DeletionThreshold } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { deletionThreshold } from '../../objects/waiting.ts';
import type { Connect } from '../../sync/connect.ts';
import { listHeld } from './held.ts';

export function getDeletionThreshold(connect: Connect): DeletionThreshold {
  const { configuration } = connect;
  return {
    deletionPrevention: 1,
    thresholdCount: deletionThreshold(connect.connectors[0]!.context),
    largestCount: configuration.deletionThreshold,
    waiting: listHeld(connect, 'delete', undefined).reduce((sum, { count }) => sum + count, 0),
  };
}

/**
 * Sets the threshold for all forests. Deletions that are held already still need an approval.
 * @throws CausewayError 'threshold-too-large' if it is larger than the configuration's
 */
export function setDeletionThreshold(connect: Connect, count: number, caller: string): DeletionThreshold {
  const { store, configuration } = connect;
  const largest = configuration.deletionThreshold;
  if (count > largest) {
    const text = `a deletion threshold of ${count} is above the configuration's ${largest}`;
    throw new CausewayError('threshold-too-large', text);
  }
  store.db.transaction(() => {
    store.scheduler.set('deletion-threshold', count === largest ? null : count);
    const text = `the deletion threshold was set to ${count} by ${caller}`;
    store.events.add('settingsSaved', null, text);
  });
  return getDeletionThreshold(connect);
}
