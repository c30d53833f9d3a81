import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { listsOf, readLists } from './groups/read-lists.ts';
import { type ImportSummary, importStep } from './import-step.ts';
import { ImportTally } from './import-tally.ts';

/** Users and groups, and after them the lists of members that are to be read: who changed meanwhile comes with the next delta. */
export function importAll(
  context: ConnectorContext,
  connect: () => Promise<LdapConnection>,
  namingContext: string,
  signal?: AbortSignal,
): Promise<ImportSummary> {
  return ImportTally.during(context.store, async tally => {
    const ldap = await connect();
    const imported = await importStep(context, ldap, namingContext, signal, tally);
    await readLists(context, listsOf(ldap, namingContext), signal);
    return imported;
  });
}
