/** Which containers are synchronized. The nearest named one above an object decides. */
export interface PlaceRules {
  /** DNs by GUID. If there is none, everything is included. */
  readonly included: ReadonlyMap<string, string>;
  readonly excluded: ReadonlyMap<string, string>;
}

/** What the containers decide for an object. */
export interface Place {
  readonly inScope: boolean;
  /** The GUID of the container that decided. Empty if none above the object is named. */
  readonly by: string;
  /** Undecided, because a container is missing that might exclude the object. */
  readonly waits?: true;
}

export const namesContainers = ({ included, excluded }: PlaceRules): boolean =>
  included.size > 0 || excluded.size > 0;

/**
 * Decides by the containers above an object.
 *
 * INVARIANT: a missing container removes nobody. Objects that it decided stay as decided for as long as the configuration names it.
 * The other containers decide for new objects, which wait if the missing one is excluded.
 *
 * @param chain GUIDs of the containers above the object, the nearest first
 * @param isThere whether a container is in the directory
 * @param before the last decision for the object; undefined for a new one
 */
export function decidePlace(
  rules: PlaceRules,
  chain: readonly string[],
  isThere: (guid: string) => boolean,
  before: Place | undefined,
): Place {
  const { included, excluded } = rules;
  const isNamed = (guid: string) => included.has(guid) || excluded.has(guid);
  const decided = before?.waits ? undefined : before;
  if (decided && isNamed(decided.by) && !isThere(decided.by))
    return { inScope: !excluded.has(decided.by), by: decided.by };
  const by = chain.find(isNamed) ?? '';
  const inScope = by === '' ? included.size === 0 : !excluded.has(by);
  if (inScope && decided === undefined && [...excluded.keys()].some(guid => !isThere(guid)))
    return { inScope: false, by: '', waits: true };
  return { inScope, by };
}

/** Why an object is not synchronized, in words. Undefined if its place is in scope. */
export function whyNotThere(
  { inScope, by, waits }: Place,
  rules: PlaceRules,
  isThere: (guid: string) => boolean,
): string | undefined {
  if (waits) {
    const missing = [...rules.excluded].flatMap(([guid, dn]) => (isThere(guid) ? [] : [dn]));
    return `new, and waits: the excluded container '${missing[0]}' is missing`;
  }
  if (inScope) return undefined;
  if (by === '') return 'in none of the containers of the scope';
  return `in the excluded container '${rules.excluded.get(by)}'`;
}

/** A place as stored: a sign and the GUID. */
export const placeText = ({ inScope, by, waits }: Place): string =>
  waits ? '?' : `${inScope ? '+' : '-'}${by}`;

/** @param text as `placeText` made it; undefined if containers decided nothing */
export function placeOf(text: string | undefined): Place | undefined {
  if (text === undefined) return undefined;
  if (text === '?') return { inScope: false, by: '', waits: true };
  return { inScope: text.startsWith('+'), by: text.slice(1) };
}
