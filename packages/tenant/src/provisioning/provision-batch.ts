import type { Verdict } from '@causeway/contract';
import { faultPoint } from '@causeway/service';
import { lockCounter } from '../changes/change-counter.ts';
import { changes } from '../changes/change-signal.ts';
import { refuseStaging } from '../clients/staging.ts';
import { analyzeGrown } from '../database/statistics.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

type Decide<Item, V> = (inside: TenantScope, work: readonly Item[], nextChange: () => number) => Promise<V[]>;

const isVerdict = <V extends Verdict>(one: object): one is V => 'verdict' in one;

/**
 * The frame of a provisioning batch. One transaction decides and writes all items that passed the checks, under the lock of the
 * tenant's change counter, and then the feed's readers wake up. The next batch finds a database that knows how large its tables are.
 * @param checked an item to decide, or the verdict that it already has
 * @param decide gives the items' verdicts in their order
 * @returns one verdict per item, in their order
 */
export const provisionBatch = <Item extends object>(
  agent: Agent,
  checked: readonly (Item | Verdict)[],
  decide: Decide<Item, Verdict>,
): Promise<Verdict[]> => provisionBatchOf<Item, Verdict>(agent, checked, decide);

/** The same for verdicts with more fields. */
export async function provisionBatchOf<Item extends object, V extends Verdict>(
  agent: Agent,
  checked: readonly (Item | V)[],
  decide: Decide<Item, V>,
): Promise<V[]> {
  const { scope } = agent;
  const work = checked.filter(one => !isVerdict(one)) as Item[];
  if (work.length === 0) return checked as V[];
  const verdicts = await scope.transaction(async inside => {
    const counter = await lockCounter(inside);
    await refuseStaging(inside, agent);
    const decided = await decide(inside, work, counter.next);
    await counter.save();
    faultPoint('tenant.before-commit');
    return decided;
  });
  faultPoint('tenant.after-commit');
  changes.emit(scope.tenantId);
  await scope.transaction(analyzeGrown).catch(() => {}); // the batch is done, even without statistics
  let next = 0;
  return checked.map(one => (isVerdict<V>(one) ? one : verdicts[next++]!));
}
