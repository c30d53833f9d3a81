import {
  DirSyncControl,
  DirSyncFlag,
  ExtendedDnControl,
  type LdapConnection,
  type LdapControl,
  type LdapEntry,
  LdapError,
  type RootDse,
  readInvocationId,
  readRootDse,
} from '@causeway/ldap';
import type { AttributeShape } from './attribute-shape.ts';
import {
  decodeImportCookie,
  encodeImportCookie,
  type FullImportReason,
  type ImportCookie,
  selectionOf,
} from './import-cookie.ts';
import { askedAttributes, type ImportedObject, readEntries } from './imported-object.ts';
import { OBJECT_ATTRIBUTES, OBJECT_FILTER } from './object-attributes.ts';
import { outlivesTombstones } from './tombstones.ts';

export interface ImportOptions {
  /** DN of the naming context; DirSync takes no other base. */
  namingContext: string;
  /** Of the page before; left out: everything is read. */
  cookie?: string;
  /** `OBJECT_ATTRIBUTES` unless told. A delta says of groups whose members changed, besides. */
  attributes?: Readonly<Record<string, AttributeShape>>;
  /** `OBJECT_FILTER` unless told. Evaluated on the object as it is now, deleted ones too. */
  filter?: string;
  /** Bytes an answer, as the server counts them. Samba (4.17) does not count: it answers with everything at once. */
  maxBytes?: number;
}

export interface ImportPage {
  objects: ImportedObject[];
  /** Objects that could not be read at all, each in words. */
  unreadable: string[];
  /** Keep it with what the page brought, in one transaction. Undefined: what belongs together with this goes on in the next page. */
  cookie: string | undefined;
  /** False: this is the last page. */
  more: boolean;
  /** Why everything is being read; `null` in a delta. In a full import, what does not come is not there any more. */
  full: FullImportReason | null;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
/** Samba gathers all of a full import before it sends the first byte: a large directory or a busy controller needs its time. */
const FULL_IMPORT_PATIENCE = 10;

/**
 * One import cycle by DirSync ([MS-ADTS] 3.1.1.3.4.1.3): what changed since the cookie, page by page as it arrives, until there is no
 * more; an answer's cookie comes with a last page of its own, so that memory does not grow with the number of objects. Needs
 * the right Replicating Directory Changes on the naming context's head. Objects below a renamed folder do not come;
 * moved and deleted ones do. A cookie that is worth nothing here (another or a restored database, another selection, refused, so old
 * that tombstones may be gone) ends in a full import, and every page says so.
 *
 * A full import says nothing of members, which `readMemberLists` reads. A delta says which were added and removed; where the domain
 * controller refuses to, the same cookie is asked without that, and says only whose members changed. Objects come in any order: a group
 * before its members, and what a primary group changes in both of them.
 *
 * @throws LdapError `access-denied` without the right, others as the connection has them.
 */
export async function* importObjects(
  connection: LdapConnection,
  options: ImportOptions,
): AsyncGenerator<ImportPage, void> {
  const shapes = options.attributes ?? OBJECT_ATTRIBUTES;
  const filter = options.filter ?? OBJECT_FILTER;
  const rootDse = await readRootDse(connection);
  const now = {
    invocationId: await readInvocationId(connection, rootDse.dsServiceName),
    usn: rootDse.highestCommittedUSN,
    time: rootDse.currentTime,
    selection: selectionOf([options.namingContext, filter, Object.keys(shapes)]),
  };

  let { full, cookie } = await judgeCookie(connection, rootDse, options.cookie, now);
  let tellsValues = !tellsNoValues.has(connection);
  for (;;) {
    const links: Links = full !== null ? 'none' : tellsValues ? 'values' : 'names';
    const { control, answer } = ask(connection, options, { shapes, filter, links, cookie });
    try {
      for await (const entries of answer)
        yield { ...readEntries(entries, shapes), cookie: undefined, more: true, full };
    } catch (error) {
      if (full !== null || !isRefusal(error)) throw error;
      // What came before the refusal comes again.
      if (links === 'values' && isUnavailable(error)) tellsValues = false;
      else {
        full = 'cookie-refused';
        cookie = undefined;
      }
      continue;
    }
    if (!control.response) {
      throw new LdapError('protocol', `${connection.peer} answered DirSync without its control`);
    }
    if (links === 'names') tellsNoValues.add(connection); // the cookie is good, so it was the flag
    cookie = control.response.cookie;
    const { more } = control.response;
    yield {
      objects: [],
      unreadable: [],
      cookie: encodeImportCookie({ ...now, dirSync: cookie }),
      more,
      full,
    };
    if (!more) return;
  }
}

/** What is asked of members: nothing, because their lists are read by ranges; which values changed; or of which groups some changed. */
type Links = 'none' | 'values' | 'names';

/** Connections to domain controllers that were seen to refuse incremental values. */
const tellsNoValues = new WeakSet<LdapConnection>();

function ask(
  connection: LdapConnection,
  { namingContext, maxBytes = DEFAULT_MAX_BYTES }: ImportOptions,
  how: {
    shapes: Readonly<Record<string, AttributeShape>>;
    filter: string;
    links: Links;
    cookie: Buffer | undefined;
  },
): { control: DirSyncControl; answer: AsyncGenerator<LdapEntry[], void> } {
  const { shapes, filter, links, cookie } = how;
  const incremental = links === 'values' ? DirSyncFlag.incrementalValues : 0;
  const control = new DirSyncControl({
    flags: DirSyncFlag.ancestorsFirstOrder | incremental,
    maxBytes,
    ...(cookie === undefined ? {} : { cookie }),
  });
  const controls: LdapControl[] = [control, new ExtendedDnControl()];
  const attributes = askedAttributes(shapes);
  const answer = connection.searchBatches(namingContext, {
    ...(links === 'none' && { timeoutMs: FULL_IMPORT_PATIENCE * connection.timeoutMs }),
    filter: links === 'none' ? filter : withoutIndex(filter),
    attributes: links === 'none' ? attributes : [...attributes, 'member'],
    // A group may have more changed members, or without the flag members at all, than fit into memory: its list is read then.
    cutsLongEntries: links !== 'none',
    controls,
  });
  return { control, answer };
}

/**
 * The same filter, for which nobody has an index. Samba (4.17) would take that of `objectClass`, and ask of every user and group whether
 * it changed; to look through all objects once takes a quarter of that. Windows finds what changed by an index of its own.
 */
const withoutIndex = (filter: string): string => `(!(!${filter}))`;

async function judgeCookie(
  connection: LdapConnection,
  rootDse: RootDse,
  text: string | undefined,
  now: Omit<ImportCookie, 'dirSync'>,
): Promise<{ full: FullImportReason | null; cookie?: Buffer }> {
  if (text === undefined) return { full: 'first-import' };
  const cookie = decodeImportCookie(text);
  if (!cookie) return { full: 'unreadable-cookie' };
  if (cookie.selection !== now.selection) return { full: 'other-selection' };
  if (cookie.invocationId !== now.invocationId) return { full: 'other-database' };
  if (cookie.usn > now.usn) return { full: 'usn-went-back' };
  if (await outlivesTombstones(connection, rootDse, cookie.time)) return { full: 'cookie-too-old' };
  return { full: null, cookie: cookie.dirSync };
}

/** The server read the request and did not like it: Samba says 12 to a cookie that it cannot read, Windows 2 or 53. */
function isRefusal(error: unknown): boolean {
  return error instanceof LdapError && [1, 2, 12, 19, 53, 80].includes(error.resultCode ?? -1);
}

/** To a flag that it does not know a server says the same as Samba does to a cookie that it cannot read. */
function isUnavailable(error: unknown): boolean {
  return error instanceof LdapError && error.code === 'critical-extension';
}
