import { fromHex, toHex } from './text.ts';

/** A GUID as lower-case text, `e3514235-4b06-11d1-ab04-00c04fc2dcd2`. */
export type Guid = string;

export const NULL_GUID: Guid = '00000000-0000-0000-0000-000000000000';

const GUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** GUID, 16 bytes, first three groups little endian ([MS-DTYP] 2.3.4.2). */
export function decodeGuid(bytes: Uint8Array): Guid {
  if (bytes.length !== 16) throw new RangeError(`a GUID has 16 bytes, got ${bytes.length}`);
  const b = Uint8Array.of(
    ...[bytes[3]!, bytes[2]!, bytes[1]!, bytes[0]!, bytes[5]!, bytes[4]!, bytes[7]!, bytes[6]!],
    ...bytes.subarray(8),
  );
  const h = toHex(b);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** @throws RangeError when the text is no GUID. */
export function encodeGuid(guid: Guid): Uint8Array {
  if (!GUID_TEXT.test(guid)) throw new RangeError(`not a GUID: '${guid}'`);
  const b = fromHex(guid.replaceAll('-', ''));
  return Uint8Array.of(b[3]!, b[2]!, b[1]!, b[0]!, b[5]!, b[4]!, b[7]!, b[6]!, ...b.subarray(8));
}

export function isGuid(text: string): boolean {
  return GUID_TEXT.test(text);
}
