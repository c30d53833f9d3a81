/**
 * Each kind is counted separately, because a forest's users are no measure for the others.
 * `stranger`: a user that another place has and the directory does not. A place that invents users must not hold up those whom the
 * directory reports. `stranger-group`: such a group.
 * `member`: a member whom the group's list did not show, although no change reported that they left.
 * `leaver`, `leaver-group`: a user or group that still exists, but would leave only because the rules of who is synchronized changed.
 * `password`: a password that would be withdrawn while its user stays, because the directory demands it; `leaver-password`: only because
 * the rules changed.
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

/** What is dangerous in bulk. A rename follows from the rules alone and has no threshold. */
export type BulkOperation = 'delete' | 'create' | 'rename';

/** What is counted together. */
export interface BulkList {
  /** A forest; at Connect, the connector that reads it. */
  readonly scope: string;
  readonly operation: BulkOperation;
  readonly kind: BulkKind;
}

/** The window in which operations count together, so that many small portions do not get around the limit. */
export const BULK_WINDOW_MS = 24 * 60 * 60_000;

/** More deletions than this wait, whatever the forest's size. The default of `deletionThreshold`. */
export const DELETION_THRESHOLD = 500;

/** A small forest must not wait at each single deletion. */
const LEAST_DELETIONS = 10;
const LEAST_CREATIONS = 1000;

/** One line of a list that waits: a user and one change of theirs. Another change of the same user is another line. */
export interface BulkLine {
  /** Source anchor. */
  readonly anchor: string;
  /** Connect: objectGUID, or the new name for a rename. Domain Services: the sequence of the signed record. */
  readonly change: string;
}

/** A line that was held. Only an approval releases it. */
export interface HeldLine extends BulkLine {
  readonly approved: boolean;
}

/** How many of `most` objects may be deleted within the window: the smaller of the threshold and 10 %, where the latter is at least 10. */
export function deletionLimit(threshold: number, most: number): number {
  return Math.min(threshold, Math.max(LEAST_DELETIONS, Math.floor(most / 10)));
}

/** How many accounts may be new within the window: half of the `before` that existed without them, at least 1,000. */
export function creationLimit(before: number): number {
  return Math.max(LEAST_CREATIONS, Math.floor(before / 2));
}

export interface BulkCounts {
  /** What was carried out within the window without approval. */
  readonly went: number;
  readonly limit: number;
}

export interface BulkDecision<Line extends BulkLine> {
  /** Is carried out, and counts. */
  go: Line[];
  /** Is carried out because an administrator approved it, and does not count. */
  approved: Line[];
  /** Waits for approval. */
  held: Line[];
  /** Those of the held that were not held before. */
  fresh: Line[];
}

/**
 * Decides which of all pending lines may be carried out now.
 *
 * INVARIANT: nothing happens in bulk by surprise. Pending lines count together with those carried out within the window. Above the limit,
 * not even the first is carried out. A held line is released only by an approval of exactly this change: not because the list shrank, nor
 * because the limit grew, nor because the same change came again in another record.
 *
 * @param pending every pending line, whether it was held before or not
 * @param known what was held before; those that are no longer pending have ceased to hold
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
