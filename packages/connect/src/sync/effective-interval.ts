import type { Connect } from './connect.ts';

/** Seconds from one automatic cycle to the next: never less than the configuration allows, as in the original. */
export function effectiveInterval({
  configuration,
  store,
}: Pick<Connect, 'configuration' | 'store'>): number {
  return Math.max(configuration.cycleIntervalMs / 1000, store.scheduler.customizedInterval ?? 0);
}
