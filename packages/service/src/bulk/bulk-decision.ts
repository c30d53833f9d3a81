/**
 * Kinds are counted apart: a forest's users are no measure for what comes beside them. A stranger is somebody whom another place has and
 * the directory has not: a place that invents people holds up nobody whom the directory reports; a stranger group is such a group. A member is one of a group whose list
 * did not show it, though nobody said that it left. A leaver, a person or a group, is there and would leave only because the rules changed by which is decided who is
 * synchronized. A password is one that would be withdrawn while its person stays, because the directory says so; a leaver's password, only because the rules changed.
 */
export type BulkKind =
  | 'user'
  | 'stranger'
  | 'group'
  | 'stranger-group'
  | 'member'
  | 'leaver'
  | 'leaver-group'
  | 'password'
  | 'leaver-password';

/** What is dangerous in bulk. A rename is one that follows from the rules alone: it has no threshold. */
export type BulkOperation = 'delete' | 'create' | 'rename';

/** What is counted together. */
export interface BulkList {
  /** A forest; at Connect the connector that reads it. */
  readonly scope: string;
  readonly operation: BulkOperation;
  readonly kind: BulkKind;
}

/** The window that counts together, so that many small portions are no way around. */
export const BULK_WINDOW_MS = 24 * 60 * 60_000;

/** Deletions above this wait, whatever the size of the forest; the default of `deletionThreshold`. */
export const DELETION_THRESHOLD = 500;

/** A forest of a few people must not wait at every leaver. */
const LEAST_DELETIONS = 10;
const LEAST_CREATIONS = 1000;

/** One line of a list that waits: who, and which of their changes. Another change of theirs is another line. */
export interface BulkLine {
  /** Source anchor. */
  readonly anchor: string;
  /** Connect: objectGUID, or the new name of a rename. Domain Services: the sequence of the signed record. */
  readonly change: string;
}

/** A line that was held. It goes by approval alone. */
export interface HeldLine extends BulkLine {
  readonly approved: boolean;
}

/** As many of `most` objects may be deleted within the window: the smaller of the threshold and 10 %, the latter never below 10. */
export function deletionLimit(threshold: number, most: number): number {
  return Math.min(threshold, Math.max(LEAST_DELETIONS, Math.floor(most / 10)));
}

/** As many accounts may be new within the window, where `before` were there without them: half of those, never below 1,000. */
export function creationLimit(before: number): number {
  return Math.max(LEAST_CREATIONS, Math.floor(before / 2));
}

export interface BulkCounts {
  /** What went within the window and was not approved. */
  readonly went: number;
  readonly limit: number;
}

export interface BulkDecision<Line extends BulkLine> {
  /** Goes and counts. */
  go: Line[];
  /** Goes because an administrator approved it, and does not count. */
  approved: Line[];
  /** Waits for approval. */
  held: Line[];
  /** Of those that wait: what was not held before. */
  fresh: Line[];
}

/**
 * Decides what may go of everything that is to go at the moment.
 *
 * INVARIANT: nothing goes in bulk by surprise. What waits counts together with what went within the window; above the limit not even
 * the first goes. Who was held goes by approval of just this change alone: not because the list grew shorter, nor because the limit
 * grew, nor because the same change came again in another record.
 *
 * @param pending all that is to go, whether it was held before or not
 * @param known what was held before; what of it is not pending any more has ceased to hold
 */
export function decideBulk<Line extends BulkLine>(
  pending: readonly Line[],
  known: readonly HeldLine[],
  { went, limit }: BulkCounts,
): BulkDecision<Line> {
  const before = new Map(known.map(line => [line.anchor, line]));
  const isApproved = (line: Line): boolean => {
    const held = before.get(line.anchor);
    return held?.approved === true && held.change === line.change;
  };
  const approved = pending.filter(isApproved);
  const stopped = pending.length - approved.length + went > limit;
  const decision: BulkDecision<Line> = { go: [], approved, held: [], fresh: [] };
  for (const line of pending) {
    if (isApproved(line)) continue;
    const held = before.get(line.anchor);
    if (held === undefined && !stopped) decision.go.push(line);
    else decision.held.push(line);
    if (held?.change !== line.change && decision.held.at(-1) === line) decision.fresh.push(line);
  }
  return decision;
}
