import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger.ts';
import type { FullToken, TokenGroup } from '../ledger/sids/token-book.ts';
import { keyOf } from '../person.ts';

/**
 * Users in more groups with on-premises SIDs than this are named. Each such group puts two SIDs into a token, and Windows refuses one with
 * more than 1,024.
 */
export const MANY_GROUPS = 450;
/** How many members are checked before other work gets a turn. */
const PAGE = 500;

/** Users in more groups with on-premises SIDs than `limit`, nested ones included, the one in most groups first. */
export async function findFullTokens(
  ledger: Ledger,
  limit = MANY_GROUPS,
  signal?: AbortSignal,
): Promise<FullToken[]> {
  const { tokens } = ledger;
  const groups = tokens.groups();
  // No user can be in more groups than exist.
  if (groups.filter(({ hasSid }) => hasSid).length <= limit) return [];
  const guidOf = new Map(groups.map(group => [keyOf(group), group.managedGuid]));
  const above = Map.groupBy(
    tokens.nested().flatMap(({ group, member }) => {
      const guid = guidOf.get(keyOf(group));
      return guid === undefined ? [] : [{ member, guid }];
    }),
    ({ member }) => member,
  );
  const reached = reachedFrom(
    groups,
    new Map([...above].map(([member, list]) => [member, list.map(({ guid }) => guid)])),
  );
  const most = Math.max(...[...reached.values()].map(({ size }) => size));
  const found: FullToken[] = [];
  for (let page = tokens.members('', PAGE); page.length > 0; page = tokens.members(page.at(-1)!.guid, PAGE)) {
    for (const { guid, groups: direct } of page) {
      if (direct * most <= limit || reached.has(guid)) continue;
      const guids = tokens.groupsOf(guid).flatMap(group => guidOf.get(keyOf(group)) ?? []);
      const sids = new Set(guids.flatMap(one => [...reached.get(one)!]));
      const person = sids.size > limit ? ledger.accounts.managed(guid) : undefined;
      if (person) found.push({ forest: person.forest, anchor: person.anchor, groups: sids.size });
    }
    await othersTurn();
    signal?.throwIfAborted();
  }
  return found.sort((a, b) => b.groups - a.groups);
}

/**
 * For each group the groups with on-premises SIDs that its members belong to, itself included. Groups may contain each other in a circle.
 * @param above the groups that each group is in directly
 */
export function reachedFrom(
  groups: readonly TokenGroup[],
  above: ReadonlyMap<string, readonly string[]>,
): Map<string, ReadonlySet<string>> {
  const withSid = new Set(groups.flatMap(({ managedGuid, hasSid }) => (hasSid ? [managedGuid] : [])));
  const all = groups.map(({ managedGuid }): [string, ReadonlySet<string>] => {
    const seen = new Set([managedGuid]);
    for (const guid of seen) for (const next of above.get(guid) ?? []) seen.add(next);
    return [managedGuid, new Set([...seen].filter(guid => withSid.has(guid)))];
  });
  return new Map(all);
}
