import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** A SID as text, `S-1-5-21-…-1105` ([MS-DTYP] 2.4.2.1). */
export type Sid = string;

const SID_TEXT = /^S-1-(\d{1,10}|0x[0-9a-fA-F]{12})((?:-\d{1,10}){1,15})$/;
const U32_MAX = 0xffff_ffff;

/** SID packet ([MS-DTYP] 2.4.2.2): revision 1, 1 to 15 sub-authorities. Trailing bytes are an error. */
export function decodeSid(bytes: Uint8Array): Sid {
  const r = new Reader(bytes, 'SID');
  const revision = r.u8('Revision');
  if (revision !== 1) throw r.error('Revision', `1 expected, ${revision} came`);
  const count = r.limited(r.u8('SubAuthorityCount'), 15, 'SubAuthorityCount');
  if (count === 0) throw r.error('SubAuthorityCount', '1 to 15 expected, 0 came');
  const authority = r.u16be('IdentifierAuthority') * 2 ** 32 + r.u32be('IdentifierAuthority');
  // From 2^32 on, the authority is hexadecimal with 12 digits.
  let sid = `S-1-${authority > U32_MAX ? `0x${authority.toString(16).padStart(12, '0')}` : authority}`;
  for (let i = 0; i < count; i++) sid += `-${r.u32le('SubAuthority')}`;
  r.end();
  return sid;
}

/** @throws RangeError if the text is no SID, or a number in it does not fit its field. */
export function encodeSid(sid: Sid): Uint8Array {
  const match = SID_TEXT.exec(sid);
  if (!match) throw new RangeError(`not a SID: '${sid}'`);
  const authority = Number(match[1]!);
  const parts = match[2]!.slice(1).split('-').map(Number);
  const isHex = match[1]!.startsWith('0x');
  if (parts.some(part => part > U32_MAX) || authority > U32_MAX !== isHex) {
    throw new RangeError(
      `not a SID: '${sid}' (numbers up to ${U32_MAX} expected, above it only a hexadecimal authority)`,
    );
  }
  const w = new Writer(8 + parts.length * 4).u8(1).u8(parts.length);
  w.u16be(Math.floor(authority / 2 ** 32)).u32be(authority % 2 ** 32);
  for (const part of parts) w.u32le(part);
  return w.toBytes();
}

/** The relative identifier: the last sub-authority. */
export function ridOf(sid: Sid): number {
  return Number(sid.slice(sid.lastIndexOf('-') + 1));
}
