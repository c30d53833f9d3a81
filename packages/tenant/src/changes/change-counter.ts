import type { TenantScope } from '../tenancy/tenant-scope.ts';

/**
 * Hands out positions in the tenant's change feed. The counter's row stays locked until the transaction ends, so
 * that positions become visible in their order: a reader that has seen position n will never miss a smaller one.
 * The lock also lets one batch at a time decide and write, which is what makes the verdicts true.
 */
export async function lockCounter(inside: TenantScope): Promise<{ next(): number; save(): Promise<void> }> {
  const row = await inside.select('change_counters').select('value').forUpdate().executeTakeFirstOrThrow();
  let value = row.value;
  return {
    next: () => ++value,
    async save() {
      if (value !== row.value) await inside.update('change_counters').set({ value }).execute();
    },
  };
}

export async function readCounter(scope: TenantScope): Promise<number> {
  const row = await scope.select('change_counters').select('value').executeTakeFirstOrThrow();
  return row.value;
}
