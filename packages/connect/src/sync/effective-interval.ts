import type { Connect } from './connect.ts';

/** Seconds between automatic cycles: never fewer than the configuration allows, as in the original. */
export function effectiveInterval({
  configuration,
  store,
}: Pick<Connect, 'configuration' | 'store'>): number {
  return Math.max(configuration.cycleIntervalMs / 1000, store.scheduler.customizedInterval ?? 0);
}
