import { setImmediate } from 'node:timers/promises';

/**
 * The same items, but it asks for the next one before it yields the current one, so that a slow server works while the caller does. This
 * keeps one more item in memory. An error is thrown when its item is due.
 */
export async function* readAhead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const ask = (): Promise<IteratorResult<T, void>> => {
    const next = source.next();
    next.catch(() => {}); // whoever awaits it gets the error
    return next;
  };
  let next = ask();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = ask();
      await setImmediate(); // let the request leave first
      yield value;
    }
  } finally {
    await source.return();
  }
}
