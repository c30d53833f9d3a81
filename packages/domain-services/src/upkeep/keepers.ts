import type { Service } from '@causeway/service';
import { BlockKeeper } from '../apply/blocks.ts';
import type { DomainConfiguration } from '../configuration.ts';
import { accountMark } from '../directory/account-mark.ts';
import { AccountUpgrade } from '../directory/account-upgrade.ts';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { LdbModify } from '../directory/ldb/ldb-modify.ts';
import { RealmGuard } from '../directory/realm-guard.ts';
import type { Places } from '../places.ts';
import { DelegationKeeper } from './delegation-keeper.ts';
import { GroupKeeper } from './group-keeper.ts';
import { ManagerKeeper } from './manager-keeper.ts';
import { SidKeeper } from './sid-keeper.ts';
import { TokenWatch } from './token-watch.ts';

/** All services that keep the directory as it should be, apart from the feed. */
export function keepersOf(
  context: KeeperContext,
  places: Places,
  { onPremisesSids, deletionThreshold }: Pick<DomainConfiguration, 'onPremisesSids' | 'deletionThreshold'>,
  feed: { wake: () => void; isLoading: () => boolean },
): Service[] {
  const { ledger, directory } = context;
  const ldbModify = () => new LdbModify(places.domain, () => directory.beforeChange());
  const guard = new RealmGuard(context);
  const ownChanges = new AccountUpgrade({
    ...context,
    ...{ name: 'own changes', due: ledger.ownChanges },
    what: 'the denial of own password changes',
    write: ({ managedGuid }) => directory.denyOwnChange(managedGuid),
  });
  const marks = new AccountUpgrade({
    ...context,
    ...{ name: 'marks', due: ledger.marks },
    what: 'the mark that says whose it is',
    write: entry => directory.ensure(entry.managedGuid, accountMark(entry, ledger.blocks.of(entry))),
  });
  const blocks = new BlockKeeper(context);
  const delegation = new DelegationKeeper({ ...context, place: places.domain });
  const sids = new SidKeeper({
    ...context,
    ldbModify: ldbModify(),
    sharing: onPremisesSids,
  });
  // Each write of one group, or of a few managers, makes one of the many wait for the directory.
  const isLoading = () => feed.isLoading() || sids.isLoading;
  const groups = new GroupKeeper({
    ...context,
    ...{ deletionThreshold, onNamesDue: feed.wake, onUnreported: feed.wake, isLoading },
  });
  return [
    guard,
    ownChanges,
    marks,
    blocks,
    delegation,
    groups,
    sids,
    new ManagerKeeper({ ...context, ldbModify: ldbModify(), isLoading }),
    new TokenWatch(context),
  ];
}
