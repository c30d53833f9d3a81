import {
  decodeGuid,
  decodeSid,
  decodeUtf16le,
  encodeGuid,
  encodeUtf16le,
  type Guid,
  NULL_GUID,
  type Reader,
  type Sid,
  type Writer,
} from '@causeway/wire';

/** Characters of a distinguished name ([MS-DRSR] 5.50 allows 10,485,760; the directory itself far fewer). */
export const MAX_NAME_CHARACTERS = 65_536;
const SID_BYTES = 28;
/** structLen without the name. */
const FIXED_BYTES = 56;

/** DSNAME ([MS-DRSR] 5.50): an object by any of GUID, SID and name; when asked with, the GUID beats the name. */
export interface DsName {
  guid: Guid;
  sid: Sid | undefined;
  name: string;
}

/** As a pointee in a stub: with the conformant array's count before it. */
export function decodeDsName(r: Reader, field: string): DsName {
  r.align(4);
  const characters = r.limited(r.u32le(field), MAX_NAME_CHARACTERS, field);
  r.skip(4, field); // structLen: servers round it up or not, and it says nothing that the other counts don't
  const sidLength = r.limited(r.u32le(field), SID_BYTES, field);
  const guid = decodeGuid(r.slice(16, field));
  const sid = r.slice(SID_BYTES, field);
  const nameLength = r.u32le(field);
  if (nameLength + 1 !== characters)
    throw r.error(field, `NameLen ${nameLength}, but room for ${characters}`);
  const name = decodeUtf16le(r.slice(nameLength * 2, field));
  r.skip(2, field);
  return { guid, sid: sidLength === 0 ? undefined : decodeSid(sid.subarray(0, sidLength)), name };
}

/** By GUID, by name, or both. */
export function encodeDsName(w: Writer, name: { guid?: Guid; name?: string }): void {
  const text = encodeUtf16le(name.name ?? '');
  const characters = text.length / 2 + 1;
  w.align(4)
    .u32le(characters)
    .u32le(FIXED_BYTES + 2 * characters)
    .u32le(0);
  w.raw(encodeGuid(name.guid ?? NULL_GUID)).zeros(SID_BYTES);
  w.u32le(characters - 1)
    .raw(text)
    .u16le(0);
}
