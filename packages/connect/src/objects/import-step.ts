import {
  domainSidOf,
  type FullImportReason,
  type ImportedObject,
  type ImportPage,
  importObjects,
  readObjects,
  readUpToDateVector,
} from '@causeway/active-directory';
import { type LdapConnection, readInvocationId, readRootDse } from '@causeway/ldap';
import { faultPoint } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { judgeClock } from '../domain-controller/clock.ts';
import { hasSeveral } from '../domain-controller/controllers-of.ts';
import { judgeLag, noteRead, oweImport } from '../domain-controller/lag.ts';
import { judgeRestore, markRestored } from '../domain-controller/note-restore.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';
import { reserveSequences } from '../store/sequence.ts';
import { isSmartCardOnly } from '../user-account-control.ts';
import { applyRules, checkRules } from './apply-rules.ts';
import { userAccountControl } from './decide-account.ts';
import { isBuiltinSid } from './groups/decide-group.ts';
import { findKnown, noteGone, putObject } from './groups/put-object.ts';
import type { ImportTally } from './import-tally.ts';
import { type ImportedAttributes, importedAttributes, noteImported } from './imported-attributes.ts';
import { LaggingImport } from './lagging-import.ts';
import { type DirectoryObject, mergeImported, saysTooLittle } from './merge.ts';
import { isOfContainer, noteContainersGone, payPlaces, takeContainer } from './take-container.ts';

export interface ImportSummary {
  /** Objects that the directory sent. */
  imported: number;
  full: boolean;
}

/** Above this number a full import is cheaper than single reads, and the GUIDs are kept in memory. */
const MAX_WHOLE_READS = 5_000;

/**
 * Imports what changed and merges it into the connector space. It stores a delta's cookie once everything that belongs to it is merged. It
 * stores a full import's cookie only at the end, together with the objects that were not met, marked as deleted: a full import that is cut
 * short starts again. Objects of which a delta says too little are read whole before the cookie moves. A domain controller that lags
 * enables and deletes nobody. The signal ends it between two pages.
 *
 * @param tally counts what is imported and synchronized
 */
export async function importStep(
  context: ConnectorContext,
  ldap: LdapConnection,
  namingContext: string,
  signal?: AbortSignal,
  tally?: ImportTally,
): Promise<ImportSummary> {
  const { store } = context;
  store.containers.reload();
  store.rules.reload();
  await checkRules(context, ldap);
  applyRules(context, tally);
  await judgeClock(context, ldap);
  const lags = (await judgeLag(context, ldap, namingContext)) !== undefined;
  const restore = await judgeRestore(context, ldap, namingContext);
  const lagging =
    lags || restore ? new LaggingImport(context, ldap, { namingContext, lags, restore }) : undefined;
  if (lagging === undefined) payPlaces(store);
  const cookie = store.cursors.get('dirsync-cookie');
  let generation = Number(store.cursors.get('import-generation') ?? 0);
  const summary: ImportSummary = { imported: 0, full: false };
  const unclear = new Set<string>();
  let restored: FullImportReason | undefined;
  const attributes = importedAttributes(context);
  const pages = importObjects(ldap, {
    ...{ namingContext, attributes },
    ...(cookie !== undefined && { cookie }),
  });
  for await (const page of pages) {
    signal?.throwIfAborted();
    faultPoint('connect.after-read');
    if ((page.full === 'other-database' || page.full === 'usn-went-back') && restore === undefined) {
      restored = page.full; // since the last check
      break;
    }
    if (page.full !== null && !summary.full) {
      announceFullImport(context, page.full);
      generation += 1; // stored at once: an import that restarts must not mistake objects met by this one for its own
      store.cursors.set('import-generation', String(generation));
      unclear.clear();
    }
    summary.full = page.full !== null;
    if (summary.full) tally?.isFull();
    summary.imported += page.objects.length;
    const objects = lagging ? await lagging.take(page, generation) : page.objects;
    if (!summary.full) noteUnclear(context, objects, unclear);
    if (page.cookie !== undefined && unclear.size > 0) {
      if (unclear.size > MAX_WHOLE_READS) {
        store.cursors.set('dirsync-cookie', undefined);
        const text = `more than ${MAX_WHOLE_READS} objects would have to be read one by one: everything is read instead`;
        store.events.add('fullCycle', context.connector.name, text);
        return importStep(context, ldap, namingContext, signal, tally);
      }
      // Not earlier: the connection is busy while pages still come.
      await mergeWhole(context, ldap, { namingContext, attributes, objectGuids: unclear }, generation, tally);
      unclear.clear();
    }
    // The domain controller knows by now everything that was read. If nothing was read, it has nothing new that counts.
    const read =
      page.cookie !== undefined && summary.imported > 0 && hasSeveral(context.connector)
        ? await readUpToDateVector(ldap, namingContext)
        : undefined;
    store.runs.transaction(() => {
      mergePage(context, { ...page, objects }, { generation, tally }, unclear);
      if (read) noteRead(store, read.vector);
      if (page.full !== null && !page.more) {
        const gone = lags ? oweImport(store) : noteGone(store, generation);
        if (gone) tally?.gone(gone);
        if (lagging === undefined) {
          noteContainersGone(store, generation);
          noteImported(store, attributes);
        }
        store.lists.orderAll('a full import');
      }
      if (page.cookie !== undefined && (page.full === null || !page.more))
        store.cursors.set('dirsync-cookie', page.cookie);
      faultPoint('connect.before-commit');
    });
  }
  if (restored === undefined) {
    applyRules(context, tally);
    return summary;
  }
  await markRestoredMeanwhile(context, ldap, restored);
  return importStep(context, ldap, namingContext, signal, tally);
}

async function markRestoredMeanwhile(
  context: ConnectorContext,
  ldap: LdapConnection,
  reason: FullImportReason,
): Promise<void> {
  const { dsServiceName, highestCommittedUSN: usn } = await readRootDse(ldap);
  markRestored(context, reason, { usn, invocationId: await readInvocationId(ldap, dsServiceName) });
}

/** Stops collecting above the limit: a full import follows. */
function noteUnclear(
  { store }: ConnectorContext,
  objects: readonly ImportedObject[],
  unclear: Set<string>,
): void {
  for (const change of objects) {
    if (unclear.size > MAX_WHOLE_READS) return;
    if (!isOfContainer(store, change) && saysTooLittle(findKnown(store, change.objectGuid).known, change))
      unclear.add(change.objectGuid);
  }
}

/** Reads objects as they are now and merges the result. An object that is not found is deleted, whatever a delta said of it. */
async function mergeWhole(
  context: ConnectorContext,
  ldap: LdapConnection,
  what: { namingContext: string; attributes: ImportedAttributes; objectGuids: ReadonlySet<string> },
  generation: number,
  tally: ImportTally | undefined,
): Promise<void> {
  const { store } = context;
  const gone = new Set(what.objectGuids);
  const domainSid = store.pin.get()?.domainSid;
  for await (const { objects, unreadable } of readObjects(ldap, what)) {
    store.runs.transaction(() => {
      tellUnreadable(context, unreadable);
      const how = { full: true, generation, domainSid, isReadWhole: true, tally };
      for (const object of objects) {
        if (object.isDeleted) continue;
        gone.delete(object.objectGuid);
        if (!takeContainer(store, object, how)) merge(context, object, how);
      }
    });
  }
  store.db.transaction(() => {
    for (const guid of gone) {
      const found = findKnown(store, guid);
      if (!found.known) continue;
      const object = putObject(context, found, { ...found.known, deleted: true }, { generation, domainSid });
      tally?.merged(found.known, object);
    }
  });
}

function mergePage(
  context: ConnectorContext,
  page: ImportPage,
  { generation, tally }: Pick<Merging, 'generation' | 'tally'>,
  unclear: ReadonlySet<string>,
): void {
  tellUnreadable(context, page.unreadable);
  const domainSid = context.store.pin.get()?.domainSid;
  const how = { full: page.full !== null, generation, domainSid, tally };
  for (const change of page.objects) {
    if (unclear.has(change.objectGuid)) continue;
    if (!takeContainer(context.store, change, how)) merge(context, change, how);
  }
}

function tellUnreadable({ store, connector }: ConnectorContext, unreadable: readonly string[]): void {
  for (const text of unreadable) store.events.add('runErrors', connector.name, `import: ${text}`);
}

/** How everything that a page says is merged. */
interface Merging {
  readonly full: boolean;
  readonly generation: number;
  /** The pinned SID, read once per page. */
  readonly domainSid: string | undefined;
  /** They were read whole, because nobody knew their present values. */
  readonly isReadWhole?: boolean;
  readonly tally: ImportTally | undefined;
}

/** Why an object is not of the connector's domain; undefined if it is. Builtin groups have the same SIDs in every domain. */
function whyAStranger(
  domainSid: string | undefined,
  change: ImportedObject,
  { kind }: ConnectorSpace,
): string | undefined {
  const { objectSid } = change.attributes;
  if (typeof objectSid !== 'string') return undefined;
  if (kind === 'group' && isBuiltinSid(objectSid)) return undefined;
  if (domainSid === undefined || domainSidOf(objectSid) === domainSid) return undefined;
  return `import: '${change.distinguishedName}' is not taken: its SID ${objectSid} is of another domain than ${domainSid}`;
}

function merge(context: ConnectorContext, change: ImportedObject, how: Merging): void {
  const { store, connector } = context;
  const found = findKnown(store, change.objectGuid, change.objectClass);
  const { space, known } = found;
  const stranger = whyAStranger(how.domainSid, change, space);
  if (stranger !== undefined) {
    store.events.add('runErrors', connector.name, stranger);
    how.tally?.refused(change, 'other-domain', stranger);
    if (known) space.put(known, how.generation); // unchanged, and met
    return;
  }
  const { memberChanges } = change;
  const { isReadWhole = false } = how;
  const restored = isReadWhole || change.isRestored;
  const object = putObject(context, found, mergeImported(known, change, how.full), {
    ...{ generation: how.generation, domainSid: how.domainSid, restored, isReadWhole },
    ...(memberChanges && { memberChanges }),
  });
  how.tally?.merged(known, object, memberChanges !== undefined);
  if (object.desiredDigest !== known?.desiredDigest) store.queue.remove('object', object.guid);
  if (space.kind === 'user' && known && isSmartCard(object) !== isSmartCard(known)) {
    store.queue.putDue(object.guid, 'smart-card', 'smart card only was set or taken away: read whole');
  }
  if (known && space.elsewhere.any && hasNewSid(object, known)) {
    store.passwords.begin(object.guid, reserveSequences(store.db, 1));
    store.queue.putDue(
      object.guid,
      'moved',
      'was in another domain of the forest: its password is read anew',
    );
  }
  for (const problem of change.problems) {
    store.events.add('runErrors', connector.name, `import of '${object.dn}': ${problem}`);
    how.tally?.refused(change, 'value-not-taken', problem);
  }
}

/** Whether a user moved to another domain of the forest and back unnoticed: a domain gives out each SID once. */
const hasNewSid = (now: DirectoryObject, before: DirectoryObject): boolean =>
  !now.deleted && now.attributes.objectSid !== before.attributes.objectSid;

const isSmartCard = ({ attributes }: DirectoryObject): boolean =>
  isSmartCardOnly(userAccountControl(attributes));

function announceFullImport(context: ConnectorContext, reason: string): void {
  const event = reason === 'first-import' ? 'fullCycleAsked' : 'fullCycle';
  const text = `full import of ${context.connector.forest} (${reason})`;
  context.store.events.add(event, context.connector.name, text);
}
