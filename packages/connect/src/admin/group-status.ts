import type { ConnectGroups } from '@causeway/contract';
import type { ConnectorContext } from '../context.ts';
import { takesGroups } from '../objects/groups/export-groups.ts';
import { missingMembersOf } from '../objects/groups/missing-members.ts';
import { groupDeletionsOf } from '../objects/groups/waiting-groups.ts';
import { signedReads } from '../pairing/signed-reads.ts';
import type { Connector } from '../sync/connector.ts';

const LISTED = 50;
/** The original leaves out a group with more members than this. */
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
      waitingFor: whyNotTaken(context, accepts),
    },
  };
}

/**
 * Once the managed domain has signed that it reads groups, its tenant accepted them. A tenant that does not accept them was
 * downgraded, or withholds them.
 */
function whyNotTaken(
  { store }: Pick<ConnectorContext, 'store'>,
  accepts: readonly string[] | undefined | null,
): string | null {
  if (accepts === null || takesGroups(accepts)) return null;
  return takesGroups(signedReads(store))
    ? 'ALARM: the tenant takes no groups, although the managed domain signed that it reads them: the tenant is of an older release than the managed domain, or it withholds groups'
    : 'the tenant is of a release that takes no groups: update it';
}
