import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Changes of the tenant between two clearances: so many encapsulations that no record needs any more are kept at most. */
const CLEAR_EVERY = 32_768;

/**
 * Keeps what the credential records of a batch have alike (docs/formats.md, *Sealing*), and now and then clears away what no record needs
 * any more. Under the lock of the change counter.
 *
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

/** @param newest of what is old: the records of newer ones are about to be written */
async function clear(inside: TenantScope, newest: number): Promise<void> {
  await inside.run(
    tenantId => sql`
      delete from encapsulations where tenant_id = ${tenantId} and id <= ${newest} and not exists (
        select from users where users.tenant_id = ${tenantId} and users.encapsulation_id = encapsulations.id)`,
  );
}
