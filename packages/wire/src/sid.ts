import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** A SID as text, `S-1-5-21-…-1105` ([MS-DTYP] 2.4.2.1). */
export type Sid = string;

const SID_TEXT = /^S-1-(\d{1,15})((?:-\d{1,10}){1,15})$/;

/** SID packet ([MS-DTYP] 2.4.2.2): revision 1, at most 15 sub-authorities. Trailing bytes are an error. */
export function decodeSid(bytes: Uint8Array): Sid {
  const r = new Reader(bytes, 'SID');
  const revision = r.u8('Revision');
  if (revision !== 1) throw r.error('Revision', `1 expected, ${revision} came`);
  const count = r.limited(r.u8('SubAuthorityCount'), 15, 'SubAuthorityCount');
  const authority = r.u16be('IdentifierAuthority') * 2 ** 32 + r.u32be('IdentifierAuthority');
  let sid = `S-1-${authority}`;
  for (let i = 0; i < count; i++) sid += `-${r.u32le('SubAuthority')}`;
  r.end();
  return sid;
}

/** @throws RangeError when the text is no SID. */
export function encodeSid(sid: Sid): Uint8Array {
  const match = SID_TEXT.exec(sid);
  if (!match) throw new RangeError(`not a SID: '${sid}'`);
  const parts = match[2]!.slice(1).split('-').map(Number);
  const authority = BigInt(match[1]!);
  const w = new Writer(8 + parts.length * 4).u8(1).u8(parts.length);
  w.u16be(Number(authority >> 32n)).u32be(Number(authority & 0xffff_ffffn));
  for (const part of parts) w.u32le(part);
  return w.toBytes();
}

/** The relative identifier: the last sub-authority. */
export function ridOf(sid: Sid): number {
  return Number(sid.slice(sid.lastIndexOf('-') + 1));
}
