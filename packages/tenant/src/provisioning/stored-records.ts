import type { TenantScope } from '../tenancy/tenant-scope.ts';

type Column = 'account_record' | 'credential_record';

/** Why a record with another record's sequence is rejected: the signer had lost count, and signs again. */
export const SAME_SEQUENCE = 'another record has the same sequence';

/**
 * The records of these users by their ids. Read only if an item has the stored sequence, which happens when Connect has lost count, or
 * when a batch comes twice.
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
