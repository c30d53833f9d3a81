import type { Epoch } from '../changes/epochs.ts';
import type { Mark } from './mark.ts';

type Place = Pick<Mark, 'epoch' | 'news' | 'again'>;

export const furthest = ({ news, again }: Pick<Mark, 'news' | 'again'>): number => Math.max(news, again);

/**
 * Whether this database never reached what a genuine mark says it did: then changes were lost.
 * @param epochs all that are kept, in order
 * @param counter now
 */
export function isBeyond(mark: Place, epochs: readonly Epoch[], counter: number): boolean {
  const index = epochs.findIndex(({ id }) => id === mark.epoch);
  if (index >= 0) return furthest(mark) > (epochs[index + 1]?.began ?? counter);
  const oldest = epochs[0];
  // An epoch that is no longer kept looks the same as one that was lost before it.
  return oldest === undefined || oldest.number === 1 || furthest(mark) > oldest.began;
}

/**
 * When the last change was made that is not lost: the last one before the first epoch that began after the mark was given out. It depends
 * on the clock, so it is only for people to read.
 * @param changedAt of the last change now
 */
export function lostSince(
  { at }: Pick<Mark, 'at'>,
  epochs: readonly Epoch[],
  changedAt: Date | null,
): Date | null {
  const next = epochs.find(({ begun_at }) => begun_at.getTime() >= at);
  return next ? next.changed_at : changedAt;
}
