/** The value that a share of all lies at or below (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const found = sorted[rank - 1];
  if (found === undefined) throw new Error('no values');
  return found;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const since = performance.now();
  const result = await work();
  return { ms: performance.now() - since, result };
}

/** Of several rounds with their own yardsticks, the one with the median ratio. */
export function ofMedianRatio<T extends { readonly ratio: number }>(rounds: readonly T[]): T {
  return rounds.toSorted((a, b) => a.ratio - b.ratio)[(rounds.length - 1) >> 1]!;
}

/** How a row describes that. */
export const OF_MEDIAN_RATIO = 'of all rounds the one of median ratio';
