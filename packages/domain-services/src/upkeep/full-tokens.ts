import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger.ts';
import type { FullToken, TokenGroup } from '../ledger/sids/token-book.ts';

/**
 * Whoever is in more groups with on-premises SIDs is named: each of them is two SIDs in a token, and Windows refuses one with more than
 * 1,024.
 */
export const MANY_GROUPS = 450;
/** Members that are read without anybody else having a turn. */
const PAGE = 5_000;

/** Who is in more groups with on-premises SIDs than `limit`, nested ones too; who is in most of them first. */
export async function findFullTokens(
  ledger: Ledger,
  limit = MANY_GROUPS,
  signal?: AbortSignal,
): Promise<FullToken[]> {
  const membersOf = (groups: readonly TokenGroup[]) => allMembers(ledger, groups, signal);
  const groups = ledger.tokens.groups();
  // Nobody can be in more than there are.
  if (groups.filter(({ hasSid }) => hasSid).length <= limit) return [];
  const known = new Set(groups.map(({ managedGuid }) => managedGuid));
  const above = new Map<string, string[]>();
  for await (const [group, guids] of membersOf(groups))
    for (const guid of guids)
      if (known.has(guid)) above.set(guid, [...(above.get(guid) ?? []), group.managedGuid]);
  const reached = reachedFrom(groups, above);

  const atMost = new Map<string, number>();
  const withSids = groups.filter(({ managedGuid }) => reached.get(managedGuid)!.size > 0);
  for await (const [group, guids] of membersOf(withSids)) {
    const { size } = reached.get(group.managedGuid)!;
    for (const guid of guids) if (!known.has(guid)) atMost.set(guid, (atMost.get(guid) ?? 0) + size);
  }
  const exact = new Map<string, Set<string>>();
  for (const [guid, count] of atMost) if (count > limit) exact.set(guid, new Set());
  if (exact.size === 0) return [];
  for await (const [group, guids] of membersOf(withSids))
    for (const guid of guids)
      for (const sid of exact.has(guid) ? reached.get(group.managedGuid)! : []) exact.get(guid)!.add(sid);
  return [...exact]
    .filter(([, sids]) => sids.size > limit)
    .flatMap(([guid, sids]) => {
      const person = ledger.accounts.managed(guid);
      return person ? [{ forest: person.forest, anchor: person.anchor, groups: sids.size }] : [];
    })
    .sort((a, b) => b.groups - a.groups);
}

/**
 * Of each group the groups with on-premises SIDs whose member it makes one, itself among them. Groups may be in each other in a circle.
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

async function* allMembers(
  ledger: Ledger,
  groups: readonly TokenGroup[],
  signal: AbortSignal | undefined,
): AsyncGenerator<[TokenGroup, readonly string[]]> {
  for (const group of groups)
    for (
      let page = ledger.tokens.members(group, PAGE);
      ;
      page = ledger.tokens.members(group, PAGE, page.next)
    ) {
      yield [group, page.guids];
      await othersTurn();
      signal?.throwIfAborted();
      if (page.next === undefined) break;
    }
}
