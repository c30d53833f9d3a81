import { type BerReader, BerWriter, Control } from 'ldapts';
import { LdapError } from './ldap-error.ts';

export { Control as LdapControl } from 'ldapts';

/** Object identifiers of the controls that Causeway uses ([MS-ADTS] 3.1.1.3.4.1; Samba's `dsdb/samdb/samdb.h`). */
export const ControlOid = {
  dirSync: '1.2.840.113556.1.4.841',
  showDeleted: '1.2.840.113556.1.4.417',
  sdFlags: '1.2.840.113556.1.4.801',
  extendedDn: '1.2.840.113556.1.4.529',
  pagedResults: '1.2.840.113556.1.4.319',
  permissiveModify: '1.2.840.113556.1.4.1413',
  bypassPasswordHash: '1.3.6.1.4.1.7165.4.3.12',
} as const;

const OCTET_STRING = 0x04;

/** Flags of a DirSync request ([MS-ADTS] 3.1.1.3.4.1.3). */
export const DirSyncFlag = {
  /** Only what the account may read. Needs no replication right, and leaves out deleted objects that the account may not read. */
  objectSecurity: 0x0000_0001,
  /** Parents before their children. */
  ancestorsFirstOrder: 0x0000_0800,
  publicDataOnly: 0x0000_2000,
  /** Only the changed values of a linked attribute. */
  incrementalValues: 0x8000_0000,
} as const;

/** Largest page in bytes. Servers accept 1 MB and more; this bounds the memory that one answer takes. */
export const MAX_DIRSYNC_BYTES = 16 * 1024 * 1024;
/** A cookie is a vector with 24 bytes for every domain controller that ever existed. */
export const MAX_COOKIE_LENGTH = 1024 * 1024;

/** DirSync (LDAP_SERVER_DIRSYNC_OID, critical). Sends a cookie; after the search, `response` holds the answer. */
export class DirSyncControl extends Control {
  readonly #request: { flags: number; maxBytes: number; cookie: Buffer };
  response: { more: boolean; cookie: Buffer } | undefined;

  /** @throws LdapError `limit` if `maxBytes` or the cookie exceeds its limit. */
  constructor(options: { flags?: number; maxBytes?: number; cookie?: Uint8Array }) {
    super(ControlOid.dirSync, { critical: true });
    const { flags = 0, maxBytes = 1024 * 1024, cookie = Buffer.alloc(0) } = options;
    if (maxBytes > MAX_DIRSYNC_BYTES) {
      throw new LdapError(
        'limit',
        `a page of at most ${MAX_DIRSYNC_BYTES} bytes expected, ${maxBytes} asked for`,
      );
    }
    this.#request = { flags: flags | 0, maxBytes, cookie: checkCookie(Buffer.from(cookie)) };
  }

  protected override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(this.#request.flags);
    value.writeInt(this.#request.maxBytes);
    value.writeBuffer(this.#request.cookie, OCTET_STRING);
    value.endSequence();
    writer.writeBuffer(value.buffer, OCTET_STRING);
  }

  protected override parseControl(reader: BerReader): void {
    let sequence: number | null;
    let more: number | null;
    let cookie: Buffer | null;
    try {
      sequence = reader.readSequence(0x30);
      more = reader.readInt();
      reader.readInt(); // unused in answers
      cookie = reader.readString(OCTET_STRING, true) as Buffer | null;
    } catch (cause) {
      throw malformed('DirSync', cause);
    }
    if (sequence === null || more === null || cookie === null) throw malformed('DirSync');
    this.response = { more: more !== 0, cookie: checkCookie(Buffer.from(cookie)) };
  }
}

/** Parts of a security descriptor ([MS-ADTS] 3.1.1.3.4.1.11, SECURITY_INFORMATION of [MS-DTYP] 2.4.7). */
export const SdFlag = { owner: 1, group: 2, dacl: 4, sacl: 8 } as const;

/** Which parts of `nTSecurityDescriptor` are read or written. Without it the SACL is requested too, which few may read. */
export class SdFlagsControl extends Control {
  readonly #flags: number;

  constructor(flags: number) {
    super(ControlOid.sdFlags, { critical: true });
    this.#flags = flags;
  }

  protected override writeControl(writer: BerWriter): void {
    writeInteger(writer, this.#flags);
  }
}

/** All names in an answer come with GUID and SID, as text that `parseExtendedDn` reads ([MS-ADTS] 3.1.1.3.4.1.5). */
export class ExtendedDnControl extends Control {
  constructor() {
    super(ControlOid.extendedDn, { critical: true });
  }

  protected override writeControl(writer: BerWriter): void {
    writeInteger(writer, 1);
  }
}

/** A value that is a SEQUENCE of one INTEGER. */
function writeInteger(writer: BerWriter, integer: number): void {
  const value = new BerWriter();
  value.startSequence();
  value.writeInt(integer);
  value.endSequence();
  writer.writeBuffer(value.buffer, OCTET_STRING);
}

/** Finds deleted objects too. */
export function showDeleted(): Control {
  return new Control(ControlOid.showDeleted, { critical: true });
}

/** Adding a value that exists, or deleting one that does not, is no error ([MS-ADTS] 3.1.1.3.4.1.8). */
export function permissiveModify(): Control {
  return new Control(ControlOid.permissiveModify, { critical: true });
}

/**
 * Samba: accepts `unicodePwd`, `supplementalCredentials` and `pwdLastSet` unchanged. Critical, so that it fails loudly on a channel that
 * does not allow it (any but the privileged socket). It has no value; one would be rejected.
 */
export function bypassPasswordHash(): Control {
  return new Control(ControlOid.bypassPasswordHash, { critical: true });
}

function checkCookie(cookie: Buffer): Buffer {
  if (cookie.length > MAX_COOKIE_LENGTH) {
    throw new LdapError(
      'limit',
      `a cookie of at most ${MAX_COOKIE_LENGTH} bytes expected, ${cookie.length} came`,
    );
  }
  return cookie;
}

function malformed(what: string, cause?: unknown): LdapError {
  return new LdapError('protocol', `the server's ${what} answer cannot be read`, { cause });
}
