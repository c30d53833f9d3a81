import { fromHex } from './text.ts';

/** A GUID as lower-case text, `e3514235-4b06-11d1-ab04-00c04fc2dcd2`. */
export type Guid = string;

export const NULL_GUID: Guid = '00000000-0000-0000-0000-000000000000';

const GUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The order of the bytes in the text: the first three groups are little endian. */
const BYTE_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
const HEX_DIGITS = Buffer.from('0123456789abcdef');
/** Buffer for the text. Reused, because replication brings several GUIDs with every object. */
const text = Buffer.alloc(36, '-');

/** GUID, 16 bytes, first three groups little endian ([MS-DTYP] 2.3.4.2). */
export function decodeGuid(bytes: Uint8Array): Guid {
  if (bytes.length !== 16) throw new RangeError(`a GUID has 16 bytes, got ${bytes.length}`);
  let at = 0;
  for (const i of BYTE_ORDER) {
    if (at === 8 || at === 13 || at === 18 || at === 23) at++;
    text[at++] = HEX_DIGITS[bytes[i]! >> 4]!;
    text[at++] = HEX_DIGITS[bytes[i]! & 15]!;
  }
  return text.toString('latin1');
}

/** @throws RangeError if the text is no GUID. */
export function encodeGuid(guid: Guid): Uint8Array {
  if (!GUID_TEXT.test(guid)) throw new RangeError(`not a GUID: '${guid}'`);
  const b = fromHex(guid.replaceAll('-', ''));
  return Uint8Array.of(b[3]!, b[2]!, b[1]!, b[0]!, b[5]!, b[4]!, b[7]!, b[6]!, ...b.subarray(8));
}

export function isGuid(text: string): boolean {
  return GUID_TEXT.test(text);
}
