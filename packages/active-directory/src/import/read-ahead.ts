import { setImmediate } from 'node:timers/promises';

/**
 * The same, but the next one is asked for before the one at hand is given away: a server that takes its time for it does so while this
 * one is worked on. One more than without is in memory. Whatever fails does so when its turn comes.
 */
export async function* readAhead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const ask = (): Promise<IteratorResult<T, void>> => {
    const next = source.next();
    next.catch(() => {}); // it is told to whoever asks for it
    return next;
  };
  let next = ask();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = ask();
      await setImmediate(); // the question is on its way
      yield value;
    }
  } finally {
    await source.return();
  }
}
