import { createHash } from 'node:crypto';
import { type Guid, isGuid } from '@causeway/wire';

/** Where an import stands: a domain controller's own cookie, and what tells whether it is still usable. */
export interface ImportCookie {
  /** Of the database that made the cookie. USNs of another one mean nothing. */
  invocationId: Guid;
  /** The controller's highest USN when the cycle began. If it is lower later, the controller was restored. */
  usn: bigint;
  /** What the controller's clock showed then. Undefined in a cookie of an older release, and if the controller did not report it. */
  time: Date | undefined;
  /** What was asked for. With another attribute, filter or naming context a delta would miss objects that did not change. */
  selection: string;
  /** The DirSync cookie as it came. */
  dirSync: Buffer;
}

/** Why an import reads everything. */
export type FullImportReason =
  | 'first-import'
  | 'unreadable-cookie'
  | 'other-selection'
  | 'other-database'
  | 'usn-went-back'
  | 'cookie-too-old'
  | 'cookie-refused';

/** A digest of what an import asks for. */
export function selectionOf(parts: readonly (string | readonly string[])[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** As base64 text, opaque to those who store it. */
export function encodeImportCookie(cookie: ImportCookie): string {
  const { invocationId, usn, time, selection, dirSync } = cookie;
  const json = {
    ...{ v: 1, invocationId, usn: String(usn), time: time?.toISOString() },
    ...{ selection, dirSync: dirSync.toString('base64') },
  };
  return Buffer.from(JSON.stringify(json)).toString('base64');
}

/** The cookie in a text. `undefined` if there is none: the import is a full one then. */
export function decodeImportCookie(text: string): ImportCookie | undefined {
  try {
    const { v, invocationId, usn, time, selection, dirSync } = JSON.parse(
      Buffer.from(text, 'base64').toString('utf8'),
    );
    if (v !== 1 || !isGuid(String(invocationId)) || !/^\d{1,19}$/.test(usn)) return undefined;
    if (typeof selection !== 'string' || typeof dirSync !== 'string') return undefined;
    return {
      ...{ invocationId, usn: BigInt(usn), time: dateOf(time), selection },
      dirSync: Buffer.from(dirSync, 'base64'),
    };
  } catch {
    return undefined;
  }
}

function dateOf(text: unknown): Date | undefined {
  const date = new Date(String(text));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * A cookie for another domain controller of the same domain. The DirSync cookie carries a vector of all changes that it covers, so a delta
 * there brings what the vector does not cover. The former USN means nothing there.
 */
export function moveImportCookie(text: string, invocationId: Guid): string {
  const cookie = decodeImportCookie(text);
  return cookie === undefined ? text : encodeImportCookie({ ...cookie, invocationId, usn: 0n });
}

/** Which database an import read, and how far; undefined if the text holds no cookie. */
export function importedUpTo(text: string): { invocationId: Guid; usn: string } | undefined {
  const cookie = decodeImportCookie(text);
  return cookie && { invocationId: cookie.invocationId, usn: String(cookie.usn) };
}
