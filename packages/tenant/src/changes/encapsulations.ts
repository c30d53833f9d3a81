import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Changes of the tenant between two clearances, and so the most encapsulations that can be kept after their last record. */
const CLEAR_EVERY = 32_768;

/**
 * Stores what the credential records of a batch have in common (docs/formats.md, *Sealing*), and from time to time deletes what no record
 * needs any more. The caller holds the lock of the change counter.
 * @param id position in the change feed of the first of these records
 */
export async function keepEncapsulation(
  inside: TenantScope,
  id: number,
  encapsulation: string,
): Promise<void> {
  const { rows } = await inside.run<{ newest: number | null }>(
    tenantId => sql`select max(id) as newest from encapsulations where tenant_id = ${tenantId}`,
  );
  const before = rows[0]?.newest ?? 0;
  await inside.insert('encapsulations', { id, encapsulation }).execute();
  const period = (position: number): number => Math.floor(position / CLEAR_EVERY);
  if (period(id) > period(before)) await clear(inside, before);
}

/** @param newest the last id that may go: the records of later ones are about to be written */
async function clear(inside: TenantScope, newest: number): Promise<void> {
  await inside.run(
    tenantId => sql`
      delete from encapsulations where tenant_id = ${tenantId} and id <= ${newest} and not exists (
        select from users where users.tenant_id = ${tenantId} and users.encapsulation_id = encapsulations.id)`,
  );
}
