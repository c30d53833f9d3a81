import { CLOUD_FOREST } from '@causeway/records';
import { MAX_MEMBERS } from '../directory/groups/managed-groups.ts';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import { refuse } from '../refusals.ts';
import type { GroupContext } from './group-context.ts';

/**
 * Empties and reports groups in the directory that no record of the feed is about, as `disableUnclaimed` does with accounts: they may have
 * been deleted while no ledger remembered them. Waits until the feed of groups was read to its end, and for a forest until a head was
 * compared. The groups stay until a signed deletion comes, or an administrator has them deleted.
 */
export async function closeUnclaimed(context: GroupContext): Promise<void> {
  const { ledger, log } = context;
  if (!ledger.state.get('groupsReadAt')) return;
  for (const entry of ledger.groups.unclaimed()) {
    const { forest, anchor } = entry;
    // If the forest signed something that was not believed, that is reported already, and the group may still exist.
    const isTold = ledger.problems.of(entry).some(({ verified }) => verified);
    const isCompared = forest === CLOUD_FOREST || ledger.groupHeads.comparison(forest) !== undefined;
    if (isTold || !isCompared) continue;
    if (!(await takeOut(context, entry))) continue;
    const { code, reason, sequence, acceptable } = refuse('unclaimed', 0);
    ledger.problems.save({
      ...{ forest, anchor, verified: true, kind: 'group', outcome: 'waiting', code, reason },
      ...{ sequence, acceptable, at: ledger.timestamp() },
    });
    log.warn({ forest, anchor }, 'no record describes this group; emptied it');
  }
}

/** @returns whether the group is empty now */
async function takeOut({ groups, log }: GroupContext, entry: GroupEntry): Promise<boolean> {
  const { forest, anchor } = entry;
  const members = [...((await groups.members(entry.managedGuid!)) ?? [])];
  for (let at = 0; at < members.length; at += MAX_MEMBERS) {
    const some = members.slice(at, at + MAX_MEMBERS);
    const result = await groups.changeMembers(entry.managedGuid!, 'delete', some);
    if (result.ok) continue;
    log.warn({ forest, anchor, reason: result.reason }, 'cannot empty a group that no record describes');
    return false;
  }
  return true;
}
