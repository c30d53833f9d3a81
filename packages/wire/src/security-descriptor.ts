import { decodeGuid, encodeGuid, type Guid } from './guid.ts';
import { Reader } from './reader.ts';
import { decodeSid, encodeSid, type Sid } from './sid.ts';
import { Writer } from './writer.ts';

/** ACE types ([MS-DTYP] 2.4.4.1) that access checks here evaluate. All others are kept as they are. */
export const AceType = { allow: 0x00, deny: 0x01, allowObject: 0x05, denyObject: 0x06 } as const;
export type AceType = (typeof AceType)[keyof typeof AceType];

/** ACE flags ([MS-DTYP] 2.4.4.1). */
export const AceFlag = { inheritOnly: 0x08, inherited: 0x10 } as const;

/** Access mask bits ([MS-ADTS] 5.1.3.2). */
export const AccessMask = {
  listContents: 0x0000_0004,
  readProperty: 0x0000_0010,
  controlAccess: 0x0000_0100,
  genericAll: 0x1000_0000,
} as const;

/** ACCESS_ALLOWED_ACE, ACCESS_ALLOWED_OBJECT_ACE and their denials ([MS-DTYP] 2.4.4.2 to 2.4.4.5). */
export interface Ace {
  type: AceType;
  flags: number;
  mask: number;
  /** Extended right, property or class; absent: all. */
  objectType?: Guid;
  inheritedObjectType?: Guid;
  sid: Sid;
}

/** An ACE of another type, byte for byte. */
export interface OpaqueAce {
  type: 'opaque';
  flags: number;
  bytes: Uint8Array;
}

export interface Acl {
  revision: number;
  aces: (Ace | OpaqueAce)[];
}

/** A self-relative security descriptor ([MS-DTYP] 2.4.6). */
export interface SecurityDescriptor {
  sbz1: number;
  /** SE_* bits, without SE_SELF_RELATIVE, SE_DACL_PRESENT and SE_SACL_PRESENT, which follow from the rest. */
  control: number;
  owner?: Sid;
  group?: Sid;
  sacl?: Acl;
  /** Absent if SE_DACL_PRESENT is not set. `null`: present without a list, which allows everybody everything. */
  dacl?: Acl | null;
}

/** Nothing is inherited into the list ([MS-DTYP] 2.4.6). */
export const SE_DACL_PROTECTED = 0x1000;
const SELF_RELATIVE = 0x8000;
const DACL_PRESENT = 0x0004;
const SACL_PRESENT = 0x0010;
const DERIVED = SELF_RELATIVE | DACL_PRESENT | SACL_PRESENT;
const HEADER_LENGTH = 20;
/** An ACL's length field has 16 bits ([MS-DTYP] 2.4.5), so a descriptor is at most as long as two of them and two SIDs. */
const MAX_DESCRIPTOR_LENGTH = 2 * 65_535 + 2 * 68 + HEADER_LENGTH;
const MAX_ACES = 8_000;
const MAX_SID_LENGTH = 68;
const OBJECT_TYPE_PRESENT = 1;
const INHERITED_OBJECT_TYPE_PRESENT = 2;
/** ACL_REVISION_DS: the revision of an ACL with object ACEs ([MS-DTYP] 2.4.5). */
export const ACL_REVISION_DS = 4;

/** @throws DecodeError naming the field. */
export function decodeSecurityDescriptor(bytes: Uint8Array): SecurityDescriptor {
  const r = new Reader(bytes, 'SECURITY_DESCRIPTOR');
  r.limited(bytes.length, MAX_DESCRIPTOR_LENGTH, 'length');
  const revision = r.u8('Revision');
  if (revision !== 1) throw r.error('Revision', `1 expected, ${revision} came`);
  const sbz1 = r.u8('Sbz1');
  const control = r.u16le('Control');
  if ((control & SELF_RELATIVE) === 0) throw r.error('Control', 'a self-relative descriptor expected');
  const [owner, group, sacl, dacl] = ['OffsetOwner', 'OffsetGroup', 'OffsetSacl', 'OffsetDacl'].map(field => {
    const offset = r.u32le(field);
    if (offset !== 0 && offset < HEADER_LENGTH) throw r.error(field, 'points into the header');
    return r.limited(offset, bytes.length, field);
  }) as [number, number, number, number];
  const descriptor: SecurityDescriptor = { sbz1, control: control & ~DERIVED };
  if (owner !== 0) descriptor.owner = readSid(new Reader(bytes, 'OwnerSid', owner), 'Sid');
  if (group !== 0) descriptor.group = readSid(new Reader(bytes, 'GroupSid', group), 'Sid');
  if ((control & SACL_PRESENT) !== 0 && sacl !== 0)
    descriptor.sacl = readAcl(new Reader(bytes, 'Sacl', sacl));
  if ((control & DACL_PRESENT) !== 0) {
    descriptor.dacl = dacl === 0 ? null : readAcl(new Reader(bytes, 'Dacl', dacl));
  }
  return descriptor;
}

export function encodeSecurityDescriptor(descriptor: SecurityDescriptor): Uint8Array {
  const { sbz1, owner, group, sacl, dacl } = descriptor;
  const w = new Writer(1024);
  const present = (dacl === undefined ? 0 : DACL_PRESENT) | (sacl === undefined ? 0 : SACL_PRESENT);
  w.u8(1)
    .u8(sbz1)
    .u16le(descriptor.control | SELF_RELATIVE | present)
    .zeros(16);
  const append = (offsetAt: number, part: Uint8Array | undefined) => {
    if (part === undefined) return;
    w.setU32le(offsetAt, w.length);
    w.raw(part).align(4);
  };
  append(12, sacl && encodeAcl(sacl));
  append(16, dacl ? encodeAcl(dacl) : undefined);
  append(4, owner === undefined ? undefined : encodeSid(owner));
  append(8, group === undefined ? undefined : encodeSid(group));
  return w.toBytes();
}

function readAcl(r: Reader): Acl {
  const start = r.offset;
  const revision = r.u8('AclRevision');
  if (revision !== 2 && revision !== ACL_REVISION_DS)
    throw r.error('AclRevision', `2 or 4 expected, ${revision} came`);
  r.skip(1, 'Sbz1');
  const size = r.u16le('AclSize');
  const count = r.limited(r.u16le('AceCount'), MAX_ACES, 'AceCount');
  r.skip(2, 'Sbz2');
  if (size < 8 || size > r.bytes.length - start)
    throw r.error('AclSize', `${size} bytes do not fit`, 'truncated');
  const body = new Reader(r.bytes.subarray(0, start + size), 'Acl', r.offset);
  const aces = Array.from({ length: count }, (_, i) => readAce(body, `Ace/${i}`));
  return { revision, aces };
}

function readAce(r: Reader, path: string): Ace | OpaqueAce {
  const start = r.offset;
  const type = r.u8(`${path}.AceType`);
  const flags = r.u8(`${path}.AceFlags`);
  const size = r.u16le(`${path}.AceSize`);
  if (size < 4) throw r.error(`${path}.AceSize`, `at least 4 expected, ${size} came`);
  const bytes = new Reader(r.bytes, '', start).slice(size, `${path}.AceSize`);
  r.offset = start + size;
  const body = new Reader(bytes, path, 4);
  const isObject = type === AceType.allowObject || type === AceType.denyObject;
  if (!isObject && type !== AceType.allow && type !== AceType.deny) {
    return { type: 'opaque', flags, bytes: bytes.slice() };
  }
  const mask = body.u32le('Mask');
  const present = isObject ? body.u32le('Flags') : 0;
  if ((present & ~3) !== 0) throw body.error('Flags', `unknown bits 0x${present.toString(16)}`);
  const objectType =
    (present & OBJECT_TYPE_PRESENT) !== 0 ? decodeGuid(body.slice(16, 'ObjectType')) : undefined;
  const inherited =
    (present & INHERITED_OBJECT_TYPE_PRESENT) !== 0
      ? decodeGuid(body.slice(16, 'InheritedObjectType'))
      : undefined;
  const sid = readSid(body, 'Sid');
  // Data after the SID belongs to an application, so such an ACE is not decoded.
  if (body.remaining !== 0) return { type: 'opaque', flags, bytes: bytes.slice() };
  return {
    type: type as AceType,
    flags,
    mask,
    ...(objectType === undefined ? {} : { objectType }),
    ...(inherited === undefined ? {} : { inheritedObjectType: inherited }),
    sid,
  };
}

function readSid(r: Reader, field: string): Sid {
  const start = r.offset;
  r.skip(1, field);
  const count = r.u8(field);
  if (count === 0) throw r.error(field, 'at least one sub-authority expected, none came');
  const length = r.limited(8 + 4 * count, MAX_SID_LENGTH, field);
  r.offset = start;
  return decodeSid(r.slice(length, field));
}

function encodeAcl(acl: Acl): Uint8Array {
  const aces = acl.aces.map(ace => (ace.type === 'opaque' ? ace.bytes : encodeAce(ace)));
  const size = aces.reduce((sum, ace) => sum + ace.length, 8);
  if (size > 65_535)
    throw new RangeError(`an access list of at most 65535 bytes expected, it would have ${size}`);
  const w = new Writer(size).u8(acl.revision).u8(0).u16le(size).u16le(aces.length).u16le(0);
  for (const ace of aces) w.raw(ace);
  return w.toBytes();
}

function encodeAce(ace: Ace): Uint8Array {
  const w = new Writer(80).u8(ace.type).u8(ace.flags).u16le(0).u32le(ace.mask);
  if (ace.type === AceType.allowObject || ace.type === AceType.denyObject) {
    const present =
      (ace.objectType === undefined ? 0 : OBJECT_TYPE_PRESENT) |
      (ace.inheritedObjectType === undefined ? 0 : INHERITED_OBJECT_TYPE_PRESENT);
    w.u32le(present);
    if (ace.objectType !== undefined) w.raw(encodeGuid(ace.objectType));
    if (ace.inheritedObjectType !== undefined) w.raw(encodeGuid(ace.inheritedObjectType));
  }
  w.raw(encodeSid(ace.sid));
  return w.setU16le(2, w.length).toBytes();
}

/**
 * Whether a holder of these SIDs has an extended right on the object with this list ([MS-ADTS] 5.1.3.3.4). The first ACE that names one of
 * the SIDs and covers the right decides.
 */
export function hasExtendedRight(dacl: Acl | null | undefined, sids: ReadonlySet<Sid>, right: Guid): boolean {
  if (dacl === null || dacl === undefined) return true;
  for (const ace of dacl.aces) {
    if (ace.type === 'opaque' || (ace.flags & AceFlag.inheritOnly) !== 0 || !sids.has(ace.sid)) continue;
    if ((ace.mask & (AccessMask.controlAccess | AccessMask.genericAll)) === 0) continue;
    if (ace.objectType !== undefined && ace.objectType !== right) continue;
    return ace.type === AceType.allow || ace.type === AceType.allowObject;
  }
  return false;
}

/**
 * Grants an extended right on this object only. Returns the same list if an equal ACE exists. The new ACE goes after the explicit and
 * before the inherited ones, the canonical order ([MS-DTYP] 2.4.5.1).
 */
export function grantExtendedRight(dacl: Acl, sid: Sid, right: Guid): Acl {
  const granted = dacl.aces.some(
    ace =>
      ace.type === AceType.allowObject &&
      ace.sid === sid &&
      ace.objectType === right &&
      (ace.mask & AccessMask.controlAccess) !== 0 &&
      (ace.flags & AceFlag.inheritOnly) === 0,
  );
  if (granted) return dacl;
  const ace: Ace = {
    type: AceType.allowObject,
    flags: 0,
    mask: AccessMask.controlAccess,
    objectType: right,
    sid,
  };
  return withAces(dacl, [ace]);
}

/**
 * The list with further explicit entries, after the existing explicit and before the inherited ones, the canonical order ([MS-DTYP]
 * 2.4.5.1).
 */
export function withAces(dacl: Acl, aces: readonly Ace[]): Acl {
  const firstInherited = dacl.aces.findIndex(other => (other.flags & AceFlag.inherited) !== 0);
  const at = firstInherited < 0 ? dacl.aces.length : firstInherited;
  return { revision: ACL_REVISION_DS, aces: dacl.aces.toSpliced(at, 0, ...aces) };
}
