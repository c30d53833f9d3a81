/**
 * Maps with at most `limit` calls in flight; returns the results in order. After the first failure, of a call or of `items` itself, it
 * starts nothing new, and throws only when everything in flight has ended. The caller may then wipe what the calls worked on.
 */
export async function mapLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  let begun = 0;
  let inFlight = 0;
  let oneEnded = (): void => {};
  const begin = async (item: T, index: number): Promise<void> => {
    inFlight++;
    try {
      results[index] = await work(item, index);
    } catch (error) {
      failures.push(error);
    } finally {
      inFlight--;
      oneEnded();
    }
  };
  const untilFewerThan = async (count: number): Promise<void> => {
    while (inFlight >= count) await new Promise<void>(resolve => (oneEnded = resolve));
  };
  try {
    for await (const item of items) {
      await untilFewerThan(limit);
      if (failures.length > 0) break;
      void begin(item, begun++);
    }
  } catch (error) {
    failures.push(error);
  }
  await untilFewerThan(1);
  if (failures.length > 0) throw failures[0];
  return results;
}
