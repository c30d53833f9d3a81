import { randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { EpochsTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

export type Epoch = Omit<Selectable<EpochsTable>, 'tenant_id'>;

/** Bytes of an epoch's id. */
export const EPOCH_LENGTH = 6;
/** So many of the newest are kept. A mark of an older epoch counts as reached. */
const KEPT = 1000;

/** What this process knows of the epoch that it began, per tenant. */
const own = new Map<string, { readonly id: string; reached: number }>();

/**
 * Continues the epoch that this process began. The caller holds the lock of the change counter. INVARIANT: if the counter may have gone
 * back, another epoch begins before anything is counted: with a process's first change, and when the database lacks what this process had.
 */
export async function goOn(
  inside: TenantScope,
  at: { readonly value: number; readonly changedAt: Date | null },
): Promise<void> {
  const mine = own.get(inside.tenantId);
  // A rolled back transaction leaves no epoch in the database.
  if (mine && at.value >= mine.reached && (await isKept(inside, mine.id))) mine.reached = at.value;
  else own.set(inside.tenantId, { id: await beginEpoch(inside, at), reached: at.value });
}

/** This process has seen that this many changes were counted and committed. */
export function noteReached({ tenantId }: TenantScope, value: number): void {
  const mine = own.get(tenantId);
  if (mine) mine.reached = Math.max(mine.reached, value);
}

/**
 * Begins an epoch. The caller holds the lock of the change counter.
 * @param how after a loss it also begins a generation
 * @returns its id
 */
export async function beginEpoch(
  inside: TenantScope,
  { value, changedAt }: { readonly value: number; readonly changedAt: Date | null },
  how: 'as before' | 'after a loss' = 'as before',
): Promise<string> {
  const id = randomBytes(EPOCH_LENGTH).toString('hex');
  const newest = await inside
    .select('epochs')
    .select(['number', 'generation'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const number = (newest?.number ?? 0) + 1;
  const generation = how === 'as before' ? (newest?.generation ?? id) : id;
  const begun = { begun_at: inside.now(), began: value, changed_at: changedAt };
  await inside.insert('epochs', { number, id, generation, ...begun }).execute();
  await inside
    .delete('epochs')
    .where('number', '<=', number - KEPT)
    .execute();
  return id;
}

async function isKept(inside: TenantScope, id: string): Promise<boolean> {
  return (await inside.select('epochs').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** In ascending order. */
export function readEpochs(inside: TenantScope): Promise<Epoch[]> {
  return inside
    .select('epochs')
    .select(['number', 'id', 'generation', 'began', 'begun_at', 'changed_at'])
    .orderBy('number')
    .execute();
}
