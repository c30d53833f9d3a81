import { type ImportPage, importObjects } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import { faultPoint } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { EventId } from '../store/events.ts';
import { isSmartCardOnly } from '../user-account-control.ts';
import { RULES_VERSION, userAccountControl } from './decide-account.ts';
import { type DirectoryObject, decideObject, mergeImported } from './merge.ts';

export interface ImportSummary {
  /** Objects that the directory sent. */
  imported: number;
  full: boolean;
}

/**
 * Imports what changed and merges it into the connector space. A delta's cookie is stored when all that belongs to it is merged;
 * a full import's only at its end, with what it did not meet marked as gone, so that a full import cut short starts again.
 * The signal ends it between two pages.
 */
export async function importStep(
  context: ConnectorContext,
  ldap: LdapConnection,
  namingContext: string,
  signal?: AbortSignal,
): Promise<ImportSummary> {
  const { store } = context;
  applyChangedRules(context);
  const cookie = store.cursors.get('dirsync-cookie');
  let generation = Number(store.cursors.get('import-generation') ?? 0);
  const summary: ImportSummary = { imported: 0, full: false };
  const pages = importObjects(ldap, { namingContext, ...(cookie !== undefined && { cookie }) });
  for await (const page of pages) {
    signal?.throwIfAborted();
    faultPoint('connect.after-read');
    if (page.full !== null && !summary.full) {
      announceFullImport(context, page.full);
      generation += 1; // stored at once: an import that begins anew must not take what this one met for its own
      store.cursors.set('import-generation', String(generation));
    }
    summary.full = page.full !== null;
    summary.imported += page.objects.length;
    store.db.transaction(() => {
      mergePage(context, page, generation);
      if (page.full !== null && !page.more) store.space.markUnseenDeleted(generation);
      if (page.cookie !== undefined && (page.full === null || !page.more))
        store.cursors.set('dirsync-cookie', page.cookie);
      faultPoint('connect.before-commit');
    });
  }
  return summary;
}

function mergePage(context: ConnectorContext, page: ImportPage, generation: number): void {
  const { store, scope, connector } = context;
  const full = page.full !== null;
  for (const text of page.unreadable)
    store.events.add(EventId.runErrors, 'warn', connector.name, `import: ${text}`);
  for (const change of page.objects) {
    const known = store.space.get(change.objectGuid);
    const object = decideObject(mergeImported(known, change, full), scope);
    store.space.put(object, generation);
    if (object.desiredDigest !== known?.desiredDigest) store.queue.remove('object', object.guid);
    if (known && isSmartCard(object) !== isSmartCard(known)) {
      store.queue.putDue(object.guid, 'smart-card', 'smart card only was set or taken away: read whole');
    }
    for (const problem of change.problems) {
      store.events.add(EventId.runErrors, 'warn', connector.name, `import of '${object.dn}': ${problem}`);
    }
  }
}

const isSmartCard = ({ attributes }: DirectoryObject): boolean =>
  isSmartCardOnly(userAccountControl(attributes));

function announceFullImport(context: ConnectorContext, reason: string): void {
  const level = reason === 'first-import' ? 'info' : 'warn';
  const text = `full import of ${context.connector.forest} (${reason})`;
  context.store.events.add(EventId.fullCycle, level, context.connector.name, text);
}

const PAGE = 500;

/** A full synchronization: when the rules or what they look at changed, every object is decided anew. */
function applyChangedRules({ store, scope }: ConnectorContext): void {
  const rules = JSON.stringify([RULES_VERSION, scope.domain, scope.ownAccount]);
  if (store.cursors.get('rules') === rules) return;
  store.db.transaction(() => {
    const generation = Number(store.cursors.get('import-generation') ?? 0);
    let after = '';
    for (;;) {
      const page = store.space.list(after, PAGE);
      for (const object of page) store.space.put(decideObject(object, scope), generation);
      if (page.length < PAGE) break;
      after = page.at(-1)!.guid;
    }
    store.cursors.set('rules', rules);
  });
}
