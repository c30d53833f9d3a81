import { decidePlace, namesContainers, type Place, placeOf, whyNotThere } from '../scope/decide-place.ts';
import type { Rules } from '../scope/rules.ts';
import type { SpaceObject } from '../store/space-object.ts';
import type { ConnectorStore } from '../store/store.ts';
import { first } from './attributes.ts';

/** What the containers above an object decide; undefined if the rules name none. */
export function placeIn(
  { containers, space, groups }: Pick<ConnectorStore, 'containers' | 'space' | 'groups'>,
  rules: Rules,
  { attributes }: Pick<SpaceObject, 'attributes'>,
  known: Pick<SpaceObject, 'place'> | undefined,
): { place: Place; reason: string | undefined } | undefined {
  if (!namesContainers(rules)) return undefined;
  let parent = first(attributes, 'parentGUID');
  // An object below a user or group lies where that one lies.
  for (let depth = 0; parent !== undefined && !containers.has(parent) && depth < MAX_PEOPLE; depth++) {
    const above: SpaceObject | undefined = space.get(parent) ?? groups.get(parent);
    parent = above && first(above.attributes, 'parentGUID');
  }
  const isThere = (guid: string) => containers.has(guid);
  const place = decidePlace(rules, containers.chain(parent), isThere, placeOf(known?.place));
  return { place, reason: whyNotThere(place, rules, isThere) };
}

/** The deepest nesting of users below users. */
const MAX_PEOPLE = 10;
