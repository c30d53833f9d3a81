import { createHash } from 'node:crypto';
import type { RunKind, RunRecord } from './run.ts';

/** What a connector does in a run, under the original's name of the run profile. The original has no profile for passwords. */
export interface RunProfile {
  readonly name: string;
  /** Whose connector it belongs to. */
  readonly side: 'forest' | 'tenant';
  readonly kind: RunKind;
  /** Undefined: one profile covers both. */
  readonly whole?: boolean;
}

export const RUN_PROFILES: readonly RunProfile[] = [
  { name: 'Full Import', side: 'forest', kind: 'import', whole: true },
  { name: 'Full Synchronization', side: 'forest', kind: 'synchronization', whole: true },
  { name: 'Delta Import', side: 'forest', kind: 'import', whole: false },
  { name: 'Delta Synchronization', side: 'forest', kind: 'synchronization', whole: false },
  { name: 'Full Password Hash Synchronization', side: 'forest', kind: 'passwords', whole: true },
  { name: 'Password Hash Synchronization', side: 'forest', kind: 'passwords', whole: false },
  { name: 'Export', side: 'tenant', kind: 'export' },
];

export function profileOf({ kind, whole }: Pick<RunRecord, 'kind' | 'whole'>): RunProfile {
  return RUN_PROFILES.find(each => each.kind === kind && (each.whole ?? whole) === whole)!;
}

/** Stable for as long as the connector keeps its identifier. */
export const profileId = (connectorId: string, { name }: RunProfile): string =>
  fixedId('run profile', connectorId, name);

/** A GUID of version 8 (RFC 9562 5.8) derived from names. The same names give the same GUID. */
export function fixedId(...names: readonly string[]): string {
  const digest = createHash('sha256').update(names.join(' ')).digest('hex');
  const part = (from: number, to: number) => digest.slice(from, to);
  return `${part(0, 8)}-${part(8, 12)}-8${part(13, 16)}-a${part(17, 20)}-${part(20, 32)}`;
}

/** The run profiles of a connector, with the identifiers that its runs carry. */
export const runProfilesOf = (
  connectorId: string,
  side: RunProfile['side'],
): { name: string; identifier: string }[] =>
  RUN_PROFILES.filter(profile => profile.side === side).map(profile => ({
    name: profile.name,
    identifier: profileId(connectorId, profile),
  }));
