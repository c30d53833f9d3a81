import type { NameDifference } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** The most differences that a status lists. */
const MOST = 100;

interface Row {
  name: string;
  name_key: string;
  here: string;
  here_forest: string | null;
  there: string;
  there_forest: string | null;
}

/**
 * Names that one user signs in with here, while another forest's user has them in the managed domain. Each place decides by its own first
 * holder, so the same name may open two accounts. Differences that an administrator has seen are left out.
 */
export async function readNameDifferences(scope: TenantScope): Promise<NameDifference[]> {
  return (await readRows(scope)).map(({ name, here, here_forest, there, there_forest }) => ({
    name,
    here: { id: here, forest: here_forest ?? CLOUD_FOREST },
    managedDomain: { id: there, forest: there_forest ?? CLOUD_FOREST },
  }));
}

/** The managed domain reports a name that it could not give next to `applied`, as a code and the name. */
async function readRows(scope: TenantScope): Promise<Row[]> {
  const refusedThere = sql`(a.account_reason ~ 'name-(taken|reserved)'
    and position(lower(a.user_principal_name) in lower(a.account_reason)) > 0)`;
  const refusedOther = sql`(b.account_reason ~ 'name-(taken|reserved)'
    and position(lower(b.user_principal_name) in lower(b.account_reason)) > 0)`;
  const { rows } = await scope.run<Row>(
    tenantId => sql`
      select a.user_principal_name as name, a.wanted_key as name_key, a.id as here, a.forest as here_forest,
        b.id as there, b.forest as there_forest
      from users as a join users as b on b.tenant_id = ${tenantId} and b.wanted_key = a.wanted_key and b.id <> a.id
      where a.tenant_id = ${tenantId} and a.deleted_at is null and b.deleted_at is null and a.upn_key = a.wanted_key
        and ${refusedThere} and b.account_outcome in ('applied', 'unchanged')
        and (b.account_reason is null or not ${refusedOther})
        and not exists (select 1 from seen_names as s where s.tenant_id = ${tenantId}
          and s.name_key = a.wanted_key and s.here = a.id and s.there = b.id)
      order by name limit ${MOST}`,
  );
  return rows;
}

/**
 * Records that an administrator has seen who has a name in which place: the pair raises no alarm any more.
 * @throws CausewayError 'no-difference'
 */
export async function seeNameDifference(scope: TenantScope, name: string): Promise<void> {
  const pairs = (await readRows(scope)).filter(({ name_key }) => name_key === nameKey(name));
  if (pairs.length === 0) {
    const text = `'${name}' is the same user's here and in the managed domain, or has been seen`;
    throw new CausewayError('no-difference', text);
  }
  for (const { name_key, here, there } of pairs)
    await scope.insert('seen_names', { name_key, here, there, seen_at: scope.now() }).execute();
}
