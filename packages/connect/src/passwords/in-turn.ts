import { mapLimit } from '@causeway/service';

/** Derivations run in libuv's pool: so many are with it that it has work while this thread seals or stores another batch. */
const DERIVATIONS = 128;
/** Who changed a password is one of so few: they wait for no batch of a pass. */
const FEW = 16;

let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Derives for a batch; the results in order. Batches hand their derivations to the pool one after the other, those of all forests: at
 * once, all would be ready at the same moment, after which the pool has nothing to do and the tenant too much. The next one's follow as
 * soon as the last of these is with the pool, not when it is done: the pool shall have work while this thread seals.
 *
 * @throws what the first failure was, when nothing is in flight any more
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
