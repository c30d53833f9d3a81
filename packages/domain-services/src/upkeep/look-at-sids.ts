import { domainSidOf } from '../apply/on-premises-sid.ts';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { type ShadowGroups, sidHistories } from '../directory/shadow-groups.ts';
import type { SidBook } from '../ledger/sids/sid-book.ts';

type LookContext = Pick<KeeperContext, 'ledger' | 'directory' | 'log'>;

/** How the directory differs from what was written. */
export interface Look {
  /** Groups and accounts that have to be written again. They are due from now on. */
  differing: number;
  /** SIDs of groups that belong to no object. */
  ofNobody: string[];
}

/** Looks at all on-premises SIDs in the directory, and updates the ledger with what is there. */
export async function lookAtSids(context: LookContext, groups: Pick<ShadowGroups, 'list'>): Promise<Look> {
  const { ledger, directory } = context;
  const histories = await sidHistories(directory);
  learnOfBefore(context, histories);
  const found = new Map((await groups.list()).map(({ sid, members }) => [sid, members]));
  const differing =
    lookAtHistories(ledger.sids, new Map(histories.map(({ guid, sid }) => [guid, sid]))) +
    lookAtGroups(ledger.sids, found);
  return { differing, ofNobody: [...found.keys()] };
}

/** For accounts of an earlier release, and after the ledger was lost, the directory tells the SID. No refused SID was ever written. */
function learnOfBefore(
  { ledger, log }: LookContext,
  histories: readonly { guid: string; sid: string }[],
): void {
  if (ledger.state.get('shadowsLearnt') !== undefined) return;
  ledger.transaction(() => {
    for (const { guid, sid } of histories) {
      const object = ledger.sids.managed(guid);
      if (object && !ledger.sids.knows(object)) ledger.sids.want(object, sid, domainSidOf(sid) ?? null);
    }
    ledger.state.set('shadowsLearnt', ledger.timestamp());
  });
  if (histories.length > 0) log.info({ objects: histories.length }, 'found older on-premises SIDs');
}

/**
 * What is in `sIDHistory` and was not written by the rule stays as it is, except for an object whose record has no SID: after the ledger
 * was lost, that record may come before anyone looks.
 */
function lookAtHistories(sids: SidBook, found: ReadonlyMap<string, string>): number {
  const differing = sids.all().filter(({ sid, history, managedGuid }) => {
    const isOurs = history !== null || sid === null;
    return isOurs && (found.get(managedGuid) ?? null) !== history;
  });
  for (const one of differing) sids.wroteHistory(one, found.get(one.managedGuid) ?? null);
  return differing.length;
}

/** @param found members by SID; SIDs that belong to an object are removed from it */
function lookAtGroups(sids: SidBook, found: Map<string, string[]>): number {
  const isOf = (members: string[] | undefined, guid: string | null) =>
    members?.length === 1 && members[0] === guid;
  let differing = 0;
  for (const one of sids.written()) {
    const members = found.get(one.sid);
    found.delete(one.sid);
    if (isOf(members, one.managedGuid)) continue;
    differing += 1;
    sids.wrote(one, null);
  }
  // A ledger that was lost finds what it had written.
  for (const one of sids.all()) {
    if (one.sid === null || !isOf(found.get(one.sid), one.managedGuid)) continue;
    sids.wrote(one, one.sid);
    found.delete(one.sid);
  }
  return differing;
}
