import { CLOUD_FOREST } from '@causeway/records';
import { nameKey } from '@causeway/wire';
import { sql } from 'kysely';
import { json } from '../database/json.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import {
  type Contender,
  type NameProblem,
  type Reservation,
  settleNames,
  signInNameProblem,
} from './sign-in-names.ts';

/** What the database has of a user's names. */
export interface NameRow {
  id: string;
  forest: string | null;
  source_anchor: string | null;
  user_principal_name: string;
  sign_in_name: string | null;
  upn_key: string;
  wanted_key: string | null;
  wanted_since: number;
}

/** Of a user whom a batch does not change: the stored reason why the sign-in name is not the true name. */
type OtherRow = NameRow & { name_problem: string | null };

/** The names of a user that a batch changes: before, and as its forest gives them now. */
export interface NameChange {
  readonly id: string;
  /** Undefined: a new user; a deleted user has no name any more. */
  readonly before: NameRow | undefined;
  readonly after: Pick<
    NameRow,
    'forest' | 'source_anchor' | 'user_principal_name' | 'wanted_key' | 'wanted_since'
  >;
  readonly gone: boolean;
}

/** The resulting columns. */
export interface NameColumns {
  id: string;
  sign_in_name: string | null;
  upn_key: string;
  name_problem: string | null;
}

/** The key of a user without a sign-in name: in a form that no name has. */
export const namelessKey = (id: string): string => id.toUpperCase();

/**
 * Decides who signs in with which name after a batch's changes, and writes it for all users outside the batch. For users of
 * the batch it only clears the names that they lose, so that they can be written in any order.
 * @returns the columns of each user of the batch, by id
 */
export function provisionNames(
  inside: TenantScope,
  changes: readonly NameChange[],
): Promise<ReadonlyMap<string, NameColumns>> {
  return settle(inside, new Set(changes.flatMap(keysOf)), changes);
}

/** Decides again who has a name, after a change of its reservation or of who wants it first. */
export async function settleName(inside: TenantScope, key: string): Promise<void> {
  await settle(inside, new Set([key]), []);
}

async function settle(
  inside: TenantScope,
  keys: ReadonlySet<string>,
  changes: readonly NameChange[],
): Promise<ReadonlyMap<string, NameColumns>> {
  const own = new Map(changes.map(change => [change.id, change]));
  const others = (await loadContenders(inside, keys)).filter(({ id }) => !own.has(id));
  const contenders = [...changes.map(contenderOf), ...others.map(before => contenderOf(unchanged(before)))];
  const settled = settleNames(keys, contenders, await loadReservations(inside, keys), inside.now());
  const problems = new Map(others.map(({ id, name_problem }) => [id, name_problem]));
  const columns = new Map(
    contenders.map(({ id, wanted }) => {
      const { name, problem } = settled.outcomes.get(id)!;
      const upn_key = name === null ? namelessKey(id) : nameKey(name);
      const name_problem =
        problem === 'as-before' ? (problems.get(id) ?? null) : problem && problemText(wanted ?? '', problem);
      return [id, { id, sign_in_name: name, upn_key, name_problem }];
    }),
  );
  const before = [...others, ...changes.flatMap(change => change.before ?? [])];
  await letGo(
    inside,
    before.filter(({ id, upn_key }) => columns.get(id)!.upn_key !== upn_key).map(({ id }) => id),
  );
  await writeOthers(
    inside,
    others.map(({ id }) => columns.get(id)!),
  );
  await writeReservations(inside, settled.reservations);
  return columns;
}

const unchanged = (before: NameRow): NameChange => ({ id: before.id, before, after: before, gone: false });

/** The names that a change affects; none if it changes no name and every name is as it should be. */
function keysOf({ before, after, gone }: NameChange): string[] {
  const settled =
    before !== undefined && before.upn_key === after.wanted_key && before.wanted_key === after.wanted_key;
  if (settled && !gone) return [];
  const keys = [
    before?.wanted_key,
    before?.sign_in_name == null ? null : before.upn_key,
    gone ? null : after.wanted_key,
  ];
  return keys.filter(key => key != null);
}

function contenderOf({ id, before, after, gone }: NameChange): Contender {
  const heldKey = before?.sign_in_name == null ? null : before.upn_key;
  return {
    id,
    forest: after.forest ?? CLOUD_FOREST,
    anchor: after.source_anchor ?? id,
    gone,
    wanted: after.user_principal_name,
    wantedKey: gone ? null : after.wanted_key,
    since: after.wanted_since,
    held: before?.sign_in_name ?? null,
    heldKey,
    heldTruly: heldKey !== null && heldKey === before!.wanted_key,
  };
}

async function loadContenders(inside: TenantScope, keys: ReadonlySet<string>): Promise<OtherRow[]> {
  if (keys.size === 0) return [];
  const columns = sql`users.id, forest, source_anchor, user_principal_name, sign_in_name, upn_key, wanted_key, wanted_since,
    name_problem`;
  const { rows } = await inside.run<OtherRow>(
    tenantId => sql`
      select ${columns} from jsonb_array_elements_text(${json([...keys])}) as key
        join users on tenant_id = ${tenantId} and wanted_key = key and deleted_at is null
      union
      select ${columns} from jsonb_array_elements_text(${json([...keys])}) as key
        join users on tenant_id = ${tenantId} and upn_key = key and deleted_at is null`,
  );
  return rows;
}

async function loadReservations(
  inside: TenantScope,
  keys: ReadonlySet<string>,
): Promise<Map<string, Reservation>> {
  if (keys.size === 0) return new Map();
  const rows = await inside
    .select('reserved_names')
    .select(['name_key', 'forest', 'until'])
    .where('name_key', 'in', [...keys])
    .execute();
  return new Map(rows.map(({ name_key, forest, until }) => [name_key, { forest, until }]));
}

/** Names may pass from one user to another, so all are cleared before any is set. */
async function letGo(inside: TenantScope, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await inside.update('users').set({ upn_key: sql`upper(id::text)` }).where('id', 'in', ids).execute();
}

async function writeOthers(inside: TenantScope, columns: readonly NameColumns[]): Promise<void> {
  if (columns.length === 0) return;
  await inside.run(
    tenantId => sql`
      update users set sign_in_name = r.sign_in_name, upn_key = r.upn_key, name_problem = r.name_problem
      from jsonb_to_recordset(${json(columns)}) as r (id uuid, sign_in_name text, upn_key text, name_problem text)
      where users.tenant_id = ${tenantId} and users.id = r.id`,
  );
}

async function writeReservations(
  inside: TenantScope,
  reservations: ReadonlyMap<string, Reservation | null>,
): Promise<void> {
  if (reservations.size === 0) return;
  const keys = [...reservations.keys()];
  await inside.delete('reserved_names').where('name_key', 'in', keys).execute();
  const made = [...reservations].flatMap(([name_key, one]) => (one ? [{ name_key, ...one }] : []));
  await inside.run(
    tenantId => sql`
      insert into reserved_names (tenant_id, name_key, forest, until)
      select ${tenantId}, r.name_key, r.forest, r.until
      from jsonb_to_recordset(${json(made)}) as r (name_key text, forest text, until timestamptz)`,
  );
}

/** A code, a colon and words; the codes are those of verdicts. */
function problemText(name: string, problem: NameProblem): string {
  switch (problem.kind) {
    case 'invalid':
      return name === ''
        ? 'invalid: the forest says no userPrincipalName that can be read'
        : `invalid: userPrincipalName '${name}' ${signInNameProblem(name) ?? 'cannot be read any more'}`;
    case 'taken':
      return `attribute-value-must-be-unique: userPrincipalName '${name}' belongs to another user (${problem.forest})`;
    case 'reserved':
      return (
        `attribute-value-must-be-unique: userPrincipalName '${name}' was a name of ${problem.forest} and is kept for that ` +
        `forest until ${problem.until.toISOString()}; 'causeway tenant name free' frees it at once`
      );
  }
}
