import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { decideMembers } from './apply-rules.ts';
import { listsOf, readLists } from './groups/read-lists.ts';
import { type ImportSummary, importStep } from './import-step.ts';
import { ImportTally } from './import-tally.ts';

/** Nested groups of the scope are read to this depth in one cycle. Deeper ones follow in the next. */
const MAX_NESTED = 20;

/**
 * Imports users and groups, then reads the pending member lists: a change made meanwhile comes with the next delta. Last, it decides the
 * users that the groups of the scope decide.
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
