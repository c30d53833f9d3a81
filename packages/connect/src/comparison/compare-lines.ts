import type { Line } from '@causeway/records';
import type { OwnLine } from '../store/head-buckets.ts';
import type { Anew } from './say-anew.ts';

/** Who is otherwise at the tenant than it acknowledged. */
export interface Difference extends Anew {
  /** What was acknowledged. */
  readonly ours: OwnLine;
}

/**
 * Compares what the tenant acknowledged with what it has.
 *
 * @param upTo the last anchor that the tenant was asked for, where not all was read; whoever is beyond is not compared
 */
export function compareLines(
  ours: readonly OwnLine[],
  theirs: readonly Line[],
  upTo?: string,
): { differing: Difference[]; strangers: string[] } {
  const there = new Map(theirs.map(line => [line.anchor, line]));
  const differing = ours.flatMap((line): Difference[] => {
    const other = there.get(line.anchor);
    there.delete(line.anchor);
    if (other === undefined && upTo !== undefined && line.anchor > upTo) return [];
    const account = other?.accountSequence !== line.accountSequence;
    const password = hasPassword(line) && !isSamePassword(line, other);
    return account || password ? [{ sourceAnchor: line.anchor, account, password, ours: line }] : [];
  });
  return { differing, strangers: [...there.keys()] };
}

/** Of whom nothing was ever acknowledged, nothing can be said anew: what the directory has, and may be sent, was read already. */
const hasPassword = ({ passwordOrder, withdrawn }: Line): boolean => passwordOrder !== undefined || withdrawn;

function isSamePassword(line: Line, other: Line | undefined): boolean {
  return (
    other?.credentialSequence === line.credentialSequence &&
    other.withdrawn === line.withdrawn &&
    other.passwordOrder?.version === line.passwordOrder?.version &&
    other.passwordOrder?.originatingTime === line.passwordOrder?.originatingTime &&
    other.passwordOrder?.originatingInvocationId === line.passwordOrder?.originatingInvocationId
  );
}

/** Whether two lines say the same. */
export function isSameLine(line: Line, other: Line): boolean {
  return line.accountSequence === other.accountSequence && isSamePassword(line, other);
}
