import {
  decodeGuid,
  decodeUtf16le,
  encodeGuid,
  encodeUtf16le,
  type Guid,
  NULL_GUID,
  type Reader,
  type Writer,
} from '@causeway/wire';

/** Characters of a distinguished name ([MS-DRSR] 5.50 allows 10,485,760; the directory itself allows far fewer). */
export const MAX_NAME_CHARACTERS = 65_536;
const SID_BYTES = 28;
/** structLen without the name. */
const FIXED_BYTES = 56;
/** From the conformant array's count. */
const GUID_OFFSET = 12;
const SID_OFFSET = 28;
const NAME_OFFSET = 60;

/** DSNAME ([MS-DRSR] 5.50): an object by any of GUID, SID and name. In a request the GUID takes precedence over the name. */
export interface DsName {
  guid: Guid;
  /** A view of the reply, for `decodeSid`. The SID is also requested as an attribute. */
  sid: Uint8Array | undefined;
  name: string;
}

/** As a pointee in a stub, after the conformant array's count. */
export function decodeDsName(r: Reader, field: string): DsName {
  const { start, sidLength, nameLength } = skipDsName(r, field);
  const part = (offset: number, length: number) => r.bytes.subarray(start + offset, start + offset + length);
  return {
    guid: decodeGuid(part(GUID_OFFSET, 16)),
    sid: sidLength === 0 ? undefined : part(SID_OFFSET, sidLength),
    name: decodeUtf16le(part(NAME_OFFSET, nameLength)),
  };
}

/** Skips one. @returns where it began, and the lengths of its SID and its name in bytes */
export function skipDsName(
  r: Reader,
  field: string,
): { start: number; sidLength: number; nameLength: number } {
  r.align(4);
  const start = r.offset;
  const characters = r.limited(r.u32le(field), MAX_NAME_CHARACTERS, field);
  r.skip(4, field); // structLen: some servers round it up, and the other counts already tell the length
  const sidLength = r.limited(r.u32le(field), SID_BYTES, field);
  r.skip(16 + SID_BYTES, field);
  const nameCharacters = r.u32le(field);
  if (nameCharacters + 1 !== characters)
    throw r.error(field, `NameLen ${nameCharacters}, but room for ${characters}`);
  r.skip(2 * characters, field);
  return { start, sidLength, nameLength: 2 * nameCharacters };
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
