import type { TenantScope } from '../tenancy/tenant-scope.ts';

type Column = 'account_record' | 'credential_record';

/** Why a record is refused whose sequence another one has: who signs had lost count, and signs anew. */
export const SAME_SEQUENCE = 'another record has the same sequence';

/**
 * The records of these users by their ids. Read only where an item has the sequence of what is there, which happens when Connect has lost
 * count, or a batch is shown twice.
 */
export async function storedRecords(
  inside: TenantScope,
  column: Column,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  if (ids.length === 0) return new Map();
  const rows = await inside
    .select('users')
    .select(['id', `${column} as record`])
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, record }) => [id, record]));
}
