import type { ConnectGroups } from '@causeway/contract';
import { takesGroups } from '../objects/groups/export-groups.ts';
import { missingMembersOf } from '../objects/groups/missing-members.ts';
import { groupDeletionsOf } from '../objects/groups/waiting-groups.ts';
import type { Connector } from '../sync/connector.ts';

const LISTED = 50;
/** Members above which the original leaves a group out. */
const LARGE = 250_000;

/** @param accepts what the tenant announced; null: it did not answer */
export function groupStatus(
  { context }: Connector,
  accepts: readonly string[] | undefined | null,
): { groups?: ConnectGroups } {
  const { groups, lists, members, slices, bulk, clock } = context.store;
  if (groups.count() === 0 && groups.countExported() === 0) return {};
  const { waiting, refused, problem } = slices.count();
  return {
    groups: {
      groups: groups.countInScope(),
      exported: groups.countExported(),
      memberships: lists.countMembers(),
      ...{ slicesWaiting: waiting, slicesRefused: refused, problem },
      listsToRead: lists.countDue(clock.now()),
      wellKnown: members.countWellKnown(),
      suppressedDeletes: bulk.countHeld(groupDeletionsOf(context)),
      suppressedRemovals: bulk.countHeld(missingMembersOf(context)),
      containing: members
        .containingExcluded(LISTED)
        .map(({ dn, excluded }) => ({ group: dn, contains: excluded })),
      large: lists.largerThan(LARGE, LISTED).map(({ dn, members: count }) => ({ group: dn, members: count })),
      waitingFor:
        accepts === null || takesGroups(accepts)
          ? null
          : 'the tenant is of a release that takes no groups: update it',
    },
  };
}
