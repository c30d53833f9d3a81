/** Longest sign-in name, in UTF-16 units: AD's own limit. */
export const MAX_NAME_LENGTH = 1024;
/** For how long only its forest can have a released name. */
export const RESERVATION_MS = 30 * 86_400_000;

/** A user who has, had or wants a sign-in name. */
export interface Contender {
  readonly id: string;
  /** `CLOUD_FOREST` for a cloud-only user. */
  readonly forest: string;
  /** Source anchor, or the id of a cloud-only user. */
  readonly anchor: string;
  /** Deleted: wants nothing and has nothing. */
  readonly gone: boolean;
  /** The true name, and its key; null if it cannot be a sign-in name. */
  readonly wanted: string | null;
  readonly wantedKey: string | null;
  /** The later the user came to want the name, the larger. */
  readonly since: number;
  /** The previous sign-in name; null if there was none. */
  readonly held: string | null;
  readonly heldKey: string | null;
  /** The previous name was the true name, not one that stood in for it. */
  readonly heldTruly: boolean;
}

export interface Reservation {
  readonly forest: string;
  readonly until: Date;
}

/** What a contender signs in with from now on. */
export interface Outcome {
  readonly name: string | null;
  /**
   * Why that is not the true name; null if it is, and for a deleted user. `as-before`: the true name is not among the names being settled.
   */
  readonly problem: NameProblem | null | 'as-before';
}

export type NameProblem =
  | { readonly kind: 'invalid' }
  /** Another user, of this forest, has the name. */
  | { readonly kind: 'taken'; readonly forest: string }
  /** Another forest released it, and may take it back until then. */
  | { readonly kind: 'reserved'; readonly forest: string; readonly until: Date };

export interface Settled {
  /** For each contender. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** For each key whose reservation changes: the new one, or null if it ends. */
  readonly reservations: ReadonlyMap<string, Reservation | null>;
}

/**
 * Decides who has which name. Pure.
 *
 * Between forests the first holder keeps a name; when it releases the name, its forest may take it back for 30 days. Within a
 * forest only what the forest says now decides, so that swaps, rings and hand-overs end alike in any order: if two want one name at
 * once, the smaller anchor gets it. A user without the true name keeps the previous one while it is nobody's true name.
 * @param keys the names that may change hands
 * @param contenders all users who have or want one of them
 */
export function settleNames(
  keys: ReadonlySet<string>,
  contenders: readonly Contender[],
  reservations: ReadonlyMap<string, Reservation>,
  now: Date,
): Settled {
  const { winners, kept } = settleKeys(keys, contenders, reservations, now);
  const standsIn = ({ held, heldKey, wantedKey, forest }: Contender): boolean => {
    if (held === null || heldKey === null) return false;
    if (!keys.has(heldKey)) return true;
    if (heldKey === wantedKey || winners.has(heldKey) || signInNameProblem(held) !== undefined) return false;
    return (kept.get(heldKey)?.forest ?? forest) === forest;
  };
  const outcomeOf = (one: Contender): Outcome => {
    const { wantedKey } = one;
    if (one.gone) return { name: null, problem: null };
    // A name outside the keys does not change.
    if (wantedKey !== null && wantedKey === one.heldKey && !keys.has(wantedKey))
      return { name: one.held, problem: null };
    const winner = wantedKey === null ? undefined : winners.get(wantedKey);
    if (winner === one) return { name: one.wanted, problem: null };
    const name = standsIn(one) ? one.held : null;
    if (wantedKey !== null && !keys.has(wantedKey)) return { name, problem: 'as-before' };
    if (wantedKey === null) return { name, problem: { kind: 'invalid' } };
    if (winner) return { name, problem: { kind: 'taken', forest: winner.forest } };
    const reserved = kept.get(wantedKey);
    return { name, problem: reserved ? { kind: 'reserved', ...reserved } : null };
  };
  const changes = [...keys].flatMap((key): [string, Reservation | null][] => {
    const [before, after] = [reservations.get(key), kept.get(key)];
    if (after && after !== before) return [[key, after]];
    return before && winners.has(key) ? [[key, null]] : [];
  });
  return {
    outcomes: new Map(contenders.map(one => [one.id, outcomeOf(one)])),
    reservations: new Map(changes),
  };
}

/** For each name: who has it, or for which forest it is kept. */
function settleKeys(
  keys: ReadonlySet<string>,
  contenders: readonly Contender[],
  reservations: ReadonlyMap<string, Reservation>,
  now: Date,
): { winners: Map<string, Contender>; kept: Map<string, Reservation> } {
  const wanters = Map.groupBy(contenders.filter(isThere), ({ wantedKey }) => wantedKey);
  const holders = new Map(contenders.filter(one => one.heldTruly).map(one => [one.heldKey, one]));
  const winners = new Map<string, Contender>();
  const kept = new Map<string, Reservation>();
  for (const key of keys) {
    const wanting = wanters.get(key) ?? [];
    const reserved = reservations.get(key);
    const active = reserved && reserved.until > now ? reserved : undefined;
    const owner = active?.forest ?? holders.get(key)?.forest ?? firstOf(wanting)?.forest;
    if (owner === undefined) continue;
    const winner = smallest(wanting.filter(({ forest }) => forest === owner));
    if (winner) winners.set(key, winner);
    else kept.set(key, active ?? { forest: owner, until: new Date(now.getTime() + RESERVATION_MS) });
  }
  return { winners, kept };
}

const isThere = ({ gone }: Contender): boolean => !gone;

const firstOf = (wanting: readonly Contender[]): Contender | undefined =>
  wanting.reduce<Contender | undefined>((a, b) => (a && precedes(a, b) ? a : b), undefined);

/** Two forests may have the same anchor. */
const precedes = (a: Contender, b: Contender): boolean => {
  if (a.since !== b.since) return a.since < b.since;
  return a.anchor === b.anchor ? a.forest < b.forest : a.anchor < b.anchor;
};

const smallest = (wanting: readonly Contender[]): Contender | undefined =>
  wanting.reduce<Contender | undefined>((a, b) => (a && a.anchor < b.anchor ? a : b), undefined);

/** Why a name cannot be a sign-in name at all; undefined if it can. */
export function signInNameProblem(name: string): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return `has more than ${MAX_NAME_LENGTH} characters`;
  if (!/^[^@\s]+@[^@\s]+$/.test(name)) return 'is not of the form name@domain, without spaces';
  return undefined;
}
