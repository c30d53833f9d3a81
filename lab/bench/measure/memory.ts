import { readFileSync } from 'node:fs';
import type { Place } from '../../places/place.ts';
import type { Measurement } from './row.ts';

/** Connect's budget: at a customer's site it shares a machine with other programs. */
export const CONNECT_MEMORY_MB = 300;

/** The most memory that a running service has held so far (proc(5), VmHWM), in megabytes. */
export function peakMemory(place: Place): number {
  if (place.pid === undefined) throw new Error(`${place.settings.name} does not run`);
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${place.pid}/status`, 'latin1'))?.[1];
  if (kilobytes === undefined) throw new Error(`no VmHWM of process ${place.pid}`);
  return Number(kilobytes) / 1024;
}

export function memoryRow(place: Place, users: number, budgetMb?: number): Measurement {
  return {
    name: `peak memory, ${place.settings.name}`,
    value: peakMemory(place),
    unit: 'MB',
    against: `after ${users} people`,
    ...(budgetMb !== undefined && { budget: { of: 'value' as const, atMost: budgetMb } }),
  };
}
