import { randomUUID } from 'node:crypto';
import { memberKey } from '@causeway/records';
import type { Insertable } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { GroupsTable } from '../database/schema.ts';
import { FOREST } from './forest.ts';

/** Puts a synchronized security group into the tables, as provisioning leaves one there. @returns its id */
export async function insertGroup(
  database: Database,
  tenantId: string,
  name: string,
  columns: Partial<Insertable<GroupsTable>> = {},
): Promise<string> {
  const id = randomUUID();
  const group = {
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
  await database.insertInto('groups').values(group).execute();
  return id;
}

/** Says who is in a group, by references. */
export async function insertMemberships(
  database: Database,
  tenantId: string,
  groupId: string,
  references: readonly string[],
): Promise<void> {
  const rows = references.map(reference => ({
    ...{ tenant_id: tenantId, group_id: groupId, key: memberKey(reference), reference },
  }));
  for (let start = 0; start < rows.length; start += 5000)
    await database
      .insertInto('memberships')
      .values(rows.slice(start, start + 5000))
      .execute();
}
