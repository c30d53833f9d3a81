import {
  bytesOf,
  DirSyncControl,
  DirSyncFlag,
  type LdapConnection,
  type LdapEntry,
  LdapError,
  type LdapValue,
  readInvocationId,
  readRootDse,
  textOf,
} from '@causeway/ldap';
import { DecodeError, decodeGuid, decodeSid, type Guid } from '@causeway/wire';
import {
  decodeImportCookie,
  encodeImportCookie,
  type FullImportReason,
  type ImportCookie,
  selectionOf,
} from './import-cookie.ts';
import { type AttributeShape, USER_ATTRIBUTES, USER_FILTER } from './user-attributes.ts';

export interface ImportOptions {
  /** DN of the naming context; DirSync takes no other base. */
  namingContext: string;
  /** Of the page before; left out: everything is read. */
  cookie?: string;
  attributes?: Readonly<Record<string, AttributeShape>>;
  /** Evaluated on the object as it is now, deleted ones too. */
  filter?: string;
  /** Bytes an answer, as the server counts them. Samba (4.17) does not count: it answers with everything at once. */
  maxBytes?: number;
}

export interface ImportedObject {
  objectGuid: Guid;
  distinguishedName: string;
  isDeleted: boolean;
  /** Empty in a delta: the class of an object does not change. */
  objectClass: string[];
  /**
   * What changed, all of it in a full import. `null`: the attribute has no value any more. An attribute that is not named did
   * not change in a delta and has no value in a full import. Of a deleted object only what a tombstone keeps.
   */
  attributes: Record<string, string | string[] | null>;
  /** Values that could not be read, each in words; the object is good apart from them. */
  problems: string[];
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
 * moved and deleted ones do. A cookie that is worth nothing here (another or a restored database, another selection, refused)
 * ends in a full import, and every page says so.
 *
 * @throws LdapError `access-denied` without the right, others as the connection has them.
 */
export async function* importObjects(
  connection: LdapConnection,
  options: ImportOptions,
): AsyncGenerator<ImportPage, void> {
  const shapes = options.attributes ?? USER_ATTRIBUTES;
  const filter = options.filter ?? USER_FILTER;
  const names = Object.keys(shapes);
  const rootDse = await readRootDse(connection);
  const now = {
    invocationId: await readInvocationId(connection, rootDse.dsServiceName),
    usn: rootDse.highestCommittedUSN,
    selection: selectionOf([options.namingContext, filter, names]),
  };
  const attributes = [...names, 'objectClass', 'isDeleted'];

  let { full, cookie } = judgeCookie(options.cookie, now);
  for (;;) {
    const control = new DirSyncControl({
      flags: DirSyncFlag.ancestorsFirstOrder,
      maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
      ...(cookie === undefined ? {} : { cookie }),
    });
    const answer = connection.searchBatches(options.namingContext, {
      ...(full !== null && { timeoutMs: FULL_IMPORT_PATIENCE * connection.timeoutMs }),
      filter,
      attributes,
      controls: [control],
    });
    try {
      for await (const entries of answer)
        yield { ...readEntries(entries, shapes), cookie: undefined, more: true, full };
    } catch (error) {
      if (full !== null || !isRefusal(error)) throw error;
      full = 'cookie-refused'; // what came before the refusal comes again
      cookie = undefined;
      continue;
    }
    if (!control.response) {
      throw new LdapError('protocol', `${connection.peer} answered DirSync without its control`);
    }
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

function readEntries(
  entries: readonly LdapEntry[],
  shapes: Readonly<Record<string, AttributeShape>>,
): Pick<ImportPage, 'objects' | 'unreadable'> {
  const objects: ImportedObject[] = [];
  const unreadable: string[] = [];
  for (const entry of entries) {
    const object = toObject(entry, shapes);
    if (typeof object === 'string') unreadable.push(object);
    else objects.push(object);
  }
  return { objects, unreadable };
}

function judgeCookie(
  text: string | undefined,
  now: Omit<ImportCookie, 'dirSync'>,
): { full: FullImportReason | null; cookie?: Buffer } {
  if (text === undefined) return { full: 'first-import' };
  const cookie = decodeImportCookie(text);
  if (!cookie) return { full: 'unreadable-cookie' };
  if (cookie.selection !== now.selection) return { full: 'other-selection' };
  if (cookie.invocationId !== now.invocationId) return { full: 'other-database' };
  if (cookie.usn > now.usn) return { full: 'usn-went-back' };
  return { full: null, cookie: cookie.dirSync };
}

/** The server read the request and did not like it: Samba says 12 to a cookie that it cannot read, Windows 2 or 53. */
function isRefusal(error: unknown): boolean {
  return error instanceof LdapError && [1, 2, 12, 19, 53, 80].includes(error.resultCode ?? -1);
}

/** The object, or in words why it cannot be read. */
function toObject(
  entry: LdapEntry,
  shapes: Readonly<Record<string, AttributeShape>>,
): ImportedObject | string {
  const guid = bytesOf(entry, 'objectGUID');
  if (guid?.length !== 16) return `'${entry.dn}' came without its objectGUID`;
  const attributes: ImportedObject['attributes'] = {};
  const problems: string[] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    const values = entry.attributes[name];
    if (values === undefined) continue;
    try {
      const converted = values.map(value => convert(value, shape));
      attributes[name] = converted.length === 0 ? null : shape.multiple ? converted : converted[0]!;
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof TypeError || error instanceof RangeError))
        throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  return {
    objectGuid: decodeGuid(guid),
    distinguishedName: entry.dn,
    isDeleted: textOf(entry, 'isDeleted') === 'TRUE',
    objectClass: (entry.attributes.objectClass ?? []).map(String),
    attributes,
    problems,
  };
}

function convert(value: LdapValue, shape: AttributeShape): string {
  if (shape.form === 'text') {
    if (typeof value !== 'string') throw new TypeError('text in UTF-8 expected');
    return value;
  }
  if (typeof value === 'string') throw new TypeError('bytes expected, text came');
  if (shape.form === 'sid') return decodeSid(value);
  if (shape.form === 'guid') return decodeGuid(value);
  return value.toString('base64');
}
