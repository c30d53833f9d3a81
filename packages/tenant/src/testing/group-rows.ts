import { randomUUID } from 'node:crypto';
import { memberKey } from '@causeway/records';
import type { Insertable } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { GroupsTable } from '../database/schema.ts';
import { FOREST } from './forest.ts';

type Columns = Partial<Insertable<GroupsTable>>;

/** Puts a synchronized security group into the tables, as provisioning would. @returns its id */
export async function insertGroup(
  database: Database,
  tenantId: string,
  name: string,
  columns: Columns = {},
): Promise<string> {
  const [id] = await insertGroups(database, tenantId, [name], columns);
  return id!;
}

/** The same for several. @returns their ids; the source anchor of each is `anchor-of-` and its id */
export async function insertGroups(
  database: Database,
  tenantId: string,
  names: readonly string[],
  columns: Columns = {},
): Promise<string[]> {
  const groups = names.map(name => {
    const id = randomUUID();
    return {
      ...{
        tenant_id: tenantId,
        id,
        origin: 'synchronized' as const,
        forest: FOREST,
        source_anchor: `anchor-of-${id}`,
      },
      ...{ display_name: name, sam_account_name: name, security_enabled: true, scope: 'global' },
      ...{ created_at: new Date(), ...columns },
    };
  });
  await database.insertInto('groups').values(groups).execute();
  return groups.map(({ id }) => id);
}

/** Puts one reference into many groups. */
export async function insertMembership(
  database: Database,
  tenantId: string,
  groupIds: readonly string[],
  reference: string,
): Promise<void> {
  const key = memberKey(reference);
  const rows = groupIds.map(group_id => ({ tenant_id: tenantId, group_id, key, reference }));
  await database.insertInto('memberships').values(rows).execute();
}

/** Puts several references into one group. */
export async function insertMemberships(
  database: Database,
  tenantId: string,
  groupId: string,
  references: readonly string[],
): Promise<void> {
  const rows = references.map(reference => ({
    ...{ tenant_id: tenantId, group_id: groupId, key: memberKey(reference), reference },
  }));
  await database.insertInto('memberships').values(rows).execute();
}
