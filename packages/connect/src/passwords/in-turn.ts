import { mapLimit } from '@causeway/service';

/** Derivations run in libuv's pool. This many keep it busy while this thread seals or stores another batch. */
const DERIVATIONS = 128;
/** A batch this small is a user who changed their password: it does not wait for a batch of a pass. */
const FEW = 16;

let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Derives for a batch and returns the results in order. Batches of all forests hand their derivations to the pool one after the other. All
 * at once, they would all be ready at the same moment: then the pool would be idle and the tenant overloaded. The next batch follows as
 * soon as the last derivation of this one is with the pool, not when it is done, so that the pool has work while this thread seals.
 *
 * @throws the first failure, once nothing is in flight any more
 */
export async function inTurn<T, R>(
  items: readonly T[],
  derive: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const before = lastTurn;
  const handedOver = Promise.withResolvers<void>();
  lastTurn = Promise.all([before, handedOver.promise]);
  if (items.length > FEW) await before;
  let begun = 0;
  try {
    return await mapLimit(items, DERIVATIONS, (item, index) => {
      if (++begun === items.length) handedOver.resolve();
      return derive(item, index);
    });
  } finally {
    handedOver.resolve();
  }
}
