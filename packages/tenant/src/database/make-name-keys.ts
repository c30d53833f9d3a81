import { nameKey } from '@causeway/wire';
import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

const PAGE = 1000;

interface Named {
  tenant_id: string;
  id: string;
  user_principal_name: string;
  deleted: boolean;
}

/**
 * Makes the keys of all sign-in names again, as names are compared now. Two names that used to differ may now be equal. The user who
 * had it first keeps it. The other has none until one of them is renamed or an administrator hands the name over.
 */
export async function makeNameKeys(database: Kysely<Schema>): Promise<void> {
  const { rows } =
    await sql<Named>`select tenant_id, id, user_principal_name, deleted_at is not null as deleted
    from users order by tenant_id, created_at, id`.execute(database);
  await sql`update users set upn_key = upper(id::text)`.execute(database);
  const taken = new Set<string>();
  const made = rows.map(({ tenant_id, id, user_principal_name: name, deleted }) => {
    const key = nameKey(name);
    const place = `${tenant_id} ${key}`;
    const lost = !deleted && taken.has(place);
    if (!deleted) taken.add(place);
    return { tenant_id, id, key, deleted, lost };
  });
  for (let i = 0; i < made.length; i += PAGE) {
    const page = JSON.stringify(made.slice(i, i + PAGE));
    await sql`
      update users set
        wanted_key = r.key,
        upn_key = case when r.lost or r.deleted then users.upn_key else r.key end,
        sign_in_name = case when r.lost then null else users.sign_in_name end,
        name_problem = case when r.lost then 'attribute-value-must-be-unique: userPrincipalName '''
          || users.user_principal_name || ''' is the same as another user''s but for the case of its letters' end
      from jsonb_to_recordset(${page}::text::jsonb) as r (tenant_id uuid, id uuid, key text, deleted boolean, lost boolean)
      where users.tenant_id = r.tenant_id and users.id = r.id`.execute(database);
  }
}
