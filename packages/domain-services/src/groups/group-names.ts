import { nameKey } from '@causeway/wire';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import type { Realm } from '../managed-domain.ts';
import { nameOfGuid, nameWithDigits } from '../names/made-up-name.ts';
import { checkAccountName, isMachineName } from '../names/protected.ts';
import { type Refused, refuse } from '../refusals.ts';

/** The longest sAMAccountName that the schema allows. Names of groups are not shortened. */
const MAX_GROUP_NAME = 256;
/** How many names made of the objectGUID are tried. */
const MADE_UP = 3;

export type Nameable = Pick<GroupEntry, 'anchor' | 'objectGuid' | 'wantedName' | 'sequence'>;

/** The names that a group may have, best first, and why it cannot have the name in its record, if that is known already. */
export function nameCandidates(
  { wantedName, anchor, objectGuid, sequence }: Nameable,
  domain: Realm,
): { names: string[]; problem: Refused | undefined } {
  const madeUp = Array.from({ length: MADE_UP }, (_, n) => nameOfGuid(objectGuid, n));
  if (wantedName === null) return { names: madeUp, problem: refuse('no-name', sequence ?? 0) };
  const obstacle = checkAccountName(wantedName, domain);
  if (obstacle)
    return { names: madeUp, problem: refuse(obstacle.code, sequence ?? 0, obstacle.detail || undefined) };
  const withDigits = nameWithDigits(wantedName, anchor, MAX_GROUP_NAME);
  if (isMachineName(wantedName))
    return { names: [withDigits, ...madeUp], problem: refuse('machine-name', sequence ?? 0, wantedName) };
  return { names: [wantedName, withDigits, ...madeUp], problem: undefined };
}

/**
 * Decides on the name of a group. The holder of a name keeps it, be it a user, a computer or another group, unless an administrator gave it
 * to another object.
 * @param isGivenAway whether the name was given to another object
 * @param holders objectGUIDs of the holders of a name in the directory, by its key
 * @param own objectGUID of the group, where it is there
 */
export function decideGroupName(
  group: Nameable,
  domain: Realm,
  holders: ReadonlyMap<string, readonly string[]>,
  own: string | null,
  isGivenAway: (name: string) => boolean = () => false,
): { name: string | undefined; problem: Refused | undefined } {
  const { names, problem } = nameCandidates(group, domain);
  const isFree = (one: string) => (holders.get(nameKey(one)) ?? []).every(guid => guid === own);
  const name = names.find(one => isFree(one) && !isGivenAway(one));
  if (problem || name === group.wantedName) return { name, problem };
  const called = name === undefined ? '' : `; it is called ${name}`;
  return { name, problem: refuse('name-taken', group.sequence ?? 0, `${group.wantedName}${called}`) };
}
