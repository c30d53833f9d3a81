import { createHash } from 'node:crypto';
import { type Guid, isGuid } from '@causeway/wire';

/** Where an import stands. A domain controller's own cookie is kept with all that makes it worth something. */
export interface ImportCookie {
  /** Of the database that made the cookie: USNs of another say nothing. */
  invocationId: Guid;
  /** The controller's highest USN when the cycle began: a lower one later means that it was restored. */
  usn: bigint;
  /** What the controller's clock said then; undefined in a cookie of a release before, and where the controller did not say it. */
  time: Date | undefined;
  /** What was asked for: with other attributes, filter or naming context a delta would miss what never changed. */
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

/** As base64 text, opaque to those who keep it. */
export function encodeImportCookie(cookie: ImportCookie): string {
  const { invocationId, usn, time, selection, dirSync } = cookie;
  const json = {
    ...{ v: 1, invocationId, usn: String(usn), time: time?.toISOString() },
    ...{ selection, dirSync: dirSync.toString('base64') },
  };
  return Buffer.from(JSON.stringify(json)).toString('base64');
}

/** The cookie in a text, or `undefined` when there is none in it: the import is a full one then. */
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
 * A cookie as another domain controller of the same domain takes it: the DirSync cookie carries a vector of all changes that it
 * stands for, so a delta there is what that vector does not cover. USNs of before say nothing there.
 */
export function moveImportCookie(text: string, invocationId: Guid): string {
  const cookie = decodeImportCookie(text);
  return cookie === undefined ? text : encodeImportCookie({ ...cookie, invocationId, usn: 0n });
}

/** The database that an import was made of, and how far; undefined where the cookie says nothing of it. */
export function importedUpTo(text: string): { invocationId: Guid; usn: string } | undefined {
  const cookie = decodeImportCookie(text);
  return cookie && { invocationId: cookie.invocationId, usn: String(cookie.usn) };
}
