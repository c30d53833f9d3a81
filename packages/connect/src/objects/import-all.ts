import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { listsOf, readLists } from './groups/read-lists.ts';
import { type ImportSummary, importStep } from './import-step.ts';

/** Users and groups, and after them the lists of members that are to be read: who changed meanwhile comes with the next delta. */
export async function importAll(
  context: ConnectorContext,
  ldap: LdapConnection,
  namingContext: string,
  signal?: AbortSignal,
): Promise<ImportSummary> {
  const imported = await importStep(context, ldap, namingContext, signal);
  await readLists(context, listsOf(ldap, namingContext), signal);
  return imported;
}
