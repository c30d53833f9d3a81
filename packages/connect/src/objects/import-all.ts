import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { decideMembers } from './apply-rules.ts';
import { listsOf, readLists } from './groups/read-lists.ts';
import { type ImportSummary, importStep } from './import-step.ts';
import { ImportTally } from './import-tally.ts';

/** Groups of the scope are read so deep within one cycle; what lies deeper follows with the next. */
const MAX_NESTED = 20;

/**
 * Users and groups, and after them the lists of members that are to be read: who changed meanwhile comes with the next delta. Then whoever
 * the groups of the scope decide.
 */
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
    for (let depth = 0; decideMembers(context, tally) && depth < MAX_NESTED; depth++)
      await readLists(context, listsOf(ldap, namingContext), signal);
    return imported;
  });
}
