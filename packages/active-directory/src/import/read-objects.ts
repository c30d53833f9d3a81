import {
  DirSyncControl,
  DirSyncFlag,
  ExtendedDnControl,
  guidFilter,
  type LdapConnection,
  LdapError,
} from '@causeway/ldap';
import type { Guid } from '@causeway/wire';
import type { ImportOptions } from './import-objects.ts';
import { askedAttributes, type ImportedObject, readEntries } from './imported-object.ts';
import { OBJECT_ATTRIBUTES, OBJECT_FILTER } from './object-attributes.ts';

/** Objects per search. */
const BATCH = 100;
/** Ends the reading from a server that always announces more: this many objects fit into a few pages. */
const MAX_PAGES = 1_000;

/**
 * Whole objects as they are now, by their GUIDs, a batch at a time: what a full import would bring of them. It uses DirSync without a
 * cookie, because that shows what an import shows. An ordinary search silently leaves out what the account may not read. An object that no
 * longer exists does not come, or comes as deleted.
 *
 * @throws LdapError as `importObjects`
 */
export async function* readObjects(
  connection: LdapConnection,
  options: Pick<ImportOptions, 'namingContext' | 'attributes' | 'filter'> & {
    objectGuids: Iterable<Guid>;
  },
): AsyncGenerator<{ objects: ImportedObject[]; unreadable: string[] }, void> {
  const shapes = options.attributes ?? OBJECT_ATTRIBUTES;
  const attributes = askedAttributes(shapes);
  const guids = [...options.objectGuids];
  for (let at = 0; at < guids.length; at += BATCH) {
    const named = guids.slice(at, at + BATCH).map(guidFilter);
    const filter = `(&(|${named.join('')})${options.filter ?? OBJECT_FILTER})`;
    let cookie: Buffer | undefined;
    for (let page = 0; ; page++) {
      const control = new DirSyncControl({
        flags: DirSyncFlag.ancestorsFirstOrder,
        ...(cookie === undefined ? {} : { cookie }),
      });
      const found = await connection.search(options.namingContext, {
        filter,
        attributes,
        controls: [control, new ExtendedDnControl()],
      });
      yield readEntries(found, shapes);
      if (!control.response)
        throw new LdapError('protocol', `${connection.peer} answered DirSync without its control`);
      if (!control.response.more) break;
      if (page === MAX_PAGES)
        throw new LdapError('limit', `${connection.peer} has no end of ${named.length} objects`);
      cookie = control.response.cookie;
    }
  }
}
