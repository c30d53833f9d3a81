import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { goOn, noteReached } from './epochs.ts';

export interface Counter {
  /** Before this transaction counts anything else. */
  readonly value: number;
  /** Of the last change before this transaction. */
  readonly changedAt: Date | null;
  next(): number;
  save(): Promise<void>;
}

/**
 * Hands out positions in the tenant's change feed. The counter's row stays locked until the transaction ends, so
 * positions become visible in order: a reader that has seen position n never misses a smaller one. The lock also
 * lets only one batch at a time decide and write, which keeps the verdicts true.
 */
export async function lockCounter(inside: TenantScope): Promise<Counter> {
  const row = await inside
    .select('change_counters')
    .select(['value', 'changed_at'])
    .forUpdate()
    .executeTakeFirstOrThrow();
  const { value, changed_at: changedAt } = row;
  await goOn(inside, { value, changedAt });
  let last = value;
  return {
    value,
    changedAt,
    next: () => ++last,
    async save() {
      if (value === last) return;
      await inside.update('change_counters').set({ value: last, changed_at: inside.now() }).execute();
    },
  };
}

/** Takes the lock for a change that no feed shows. It counts, too, so that a restored database reveals its loss. */
export async function countDecision(inside: TenantScope): Promise<void> {
  const counter = await lockCounter(inside);
  counter.next();
  await counter.save();
}

/** How far the tenant's changes go now, and in which epoch. */
export interface Reach {
  readonly counter: number;
  readonly epoch: string;
  readonly generation: string;
}

/** INVARIANT: read in one statement, and after the data that it bounds. The newest epoch ends at this counter or later. */
export async function readReach(scope: TenantScope): Promise<Reach> {
  const { rows } = await scope.run<Reach | { counter: number; epoch: null }>(
    tenantId => sql`
      select value as counter, id as epoch, generation from change_counters
        left join epochs on epochs.tenant_id = ${tenantId}
          and number = (select max(number) from epochs where tenant_id = ${tenantId})
      where change_counters.tenant_id = ${tenantId}`,
  );
  const reach = rows[0]!;
  if (reach.epoch !== null) {
    noteReached(scope, reach.counter);
    return reach;
  }
  // Nothing has changed since the release that brought epochs.
  await scope.transaction(lockCounter);
  return readReach(scope);
}
