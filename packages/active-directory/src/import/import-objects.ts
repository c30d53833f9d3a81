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
  /** DN of the naming context; DirSync accepts no other base. */
  namingContext: string;
  /** From the page before. Without it, the import reads everything. */
  cookie?: string;
  /** `OBJECT_ATTRIBUTES` by default. A delta also reports changed members of groups. */
  attributes?: Readonly<Record<string, AttributeShape>>;
  /** `OBJECT_FILTER` by default. The server applies it to the object as it is now, deleted ones too. */
  filter?: string;
  /** Bytes per answer, as the server counts them. Samba (4.17) does not count: it sends everything at once. */
  maxBytes?: number;
}

export interface ImportPage {
  objects: ImportedObject[];
  /** One message for each object that could not be read at all. */
  unreadable: string[];
  /** Store it in one transaction with what the page brought. Undefined: the next page belongs to this one. */
  cookie: string | undefined;
  /** False: this is the last page. */
  more: boolean;
  /** Why the import reads everything; `null` in a delta. An object that a full import does not bring no longer exists. */
  full: FullImportReason | null;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
/** Samba gathers a whole full import before it sends the first byte, so a large directory or a busy controller needs time. */
const FULL_IMPORT_PATIENCE = 10;

/**
 * One import cycle by DirSync ([MS-ADTS] 3.1.1.3.4.1.3): yields what changed since the cookie, page by page as it arrives, until there is
 * no more. An answer's cookie comes with a last page of its own, so memory does not grow with the number of objects. Needs the right
 * Replicating Directory Changes on the naming context's head. Objects below a renamed folder do not come; moved and deleted ones do. A
 * cookie that cannot be used here (another or a restored database, another selection, refused, or so old that tombstones may have expired)
 * leads to a full import, and every page names the reason.
 *
 * A full import brings no members, which `readMemberLists` reads. A delta brings added and removed members. If the domain controller
 * refuses that, the same cookie is used without it, and the delta only names groups whose members changed. Objects come in any order: a
 * group before its members, and a change of a primary group in both of them.
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
      // The next answer repeats what came before the refusal.
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
    if (links === 'names') tellsNoValues.add(connection); // the cookie is good, so the server refused the flag
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

/** What a request asks about members: nothing (their lists are read by ranges), which values changed, or which groups changed. */
type Links = 'none' | 'values' | 'names';

/** Connections to domain controllers that refused incremental values. */
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
    // A group may have more changed members (or members, without the flag) than fit into memory. Its list is read separately then.
    cutsLongEntries: links !== 'none',
    controls,
  });
  return { control, answer };
}

/**
 * The same filter in a form that uses no index. Samba (4.17) would use the index of `objectClass`, and check each user and group for
 * changes. One look at all objects takes a quarter of that time. Windows finds changes by an index of its own.
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

/** The server read the request and refused it. For a cookie that they cannot read, Samba returns 12, Windows 2 or 53. */
function isRefusal(error: unknown): boolean {
  return error instanceof LdapError && [1, 2, 12, 19, 53, 80].includes(error.resultCode ?? -1);
}

/** A server answers an unknown flag as Samba answers a cookie that it cannot read. */
function isUnavailable(error: unknown): boolean {
  return error instanceof LdapError && error.code === 'critical-extension';
}
