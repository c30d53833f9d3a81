import type { Line } from '@causeway/records';
import type { OwnLine } from '../store/head-buckets.ts';
import type { Anew } from './say-anew.ts';

/** A user whose state at the tenant differs from what it acknowledged. */
export interface Difference extends Anew {
  /** What was acknowledged. */
  readonly ours: OwnLine;
}

/**
 * Compares what the tenant acknowledged with what it has.
 *
 * @param upTo the last anchor that was read, if the tenant has more; users behind it are not compared
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

/** Without an acknowledged password there is nothing to send again: Connect already read what the directory has and may be sent. */
const hasPassword = ({ passwordOrder, withdrawn }: Line): boolean => passwordOrder !== undefined || withdrawn;

/** If Connect sealed nothing, the tenant may keep an earlier record of the same password. Nothing that Connect sends would replace it. */
function isSamePassword(line: Line, other: Line | undefined): boolean {
  return (
    (line.credentialSequence === 0 || other?.credentialSequence === line.credentialSequence) &&
    other?.withdrawn === line.withdrawn &&
    other.passwordOrder?.epoch === line.passwordOrder?.epoch &&
    other.passwordOrder?.version === line.passwordOrder?.version &&
    other.passwordOrder?.originatingTime === line.passwordOrder?.originatingTime &&
    other.passwordOrder?.originatingInvocationId === line.passwordOrder?.originatingInvocationId
  );
}

/** Whether two lines agree. */
export function isSameLine(line: Line, other: Line): boolean {
  const isSame = line.accountSequence === other.accountSequence && isSamePassword(line, other);
  return isSame && line.credentialSequence === other.credentialSequence;
}
