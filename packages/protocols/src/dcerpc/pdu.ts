import { Reader, type Writer } from '@causeway/wire';

/** PTYPE ([C706] 12.6.4). */
export const PduType = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  bindNak: 13,
  alterContext: 14,
  alterContextResponse: 15,
  auth3: 16,
  shutdown: 17,
} as const;

/** pfc_flags ([C706] 12.6.3.1); on bind and its answers 4 means header signing ([MS-RPCE] 2.2.2.3). */
export const PduFlag = {
  firstFragment: 0x01,
  lastFragment: 0x02,
  supportHeaderSign: 0x04,
  concurrentMultiplexing: 0x10,
  didNotExecute: 0x20,
  objectUuid: 0x80,
} as const;

export const PDU_HEADER_BYTES = 16;
export const SEC_TRAILER_BYTES = 8;
/** Where the stub of a request or response begins. */
export const STUB_OFFSET = 24;
/** The largest fragment that we send or accept: what Windows and Samba use on TCP. */
export const MAX_FRAGMENT_BYTES = 5840;

/** Auth level PKT_PRIVACY ([MS-RPCE] 2.2.1.1.8), the only one that we use with security. */
export const AUTH_LEVEL_PRIVACY = 6;

export interface PduHeader {
  type: number;
  flags: number;
  fragmentLength: number;
  authLength: number;
  callId: number;
}

/** Common header ([C706] 12.6.3.1). Must be little endian, ASCII, IEEE. */
export function decodePduHeader(bytes: Uint8Array): PduHeader {
  const r = new Reader(bytes, 'PDU');
  const version = r.u8('rpc_vers');
  if (version !== 5) throw r.error('rpc_vers', `5 expected, ${version} came`);
  const minor = r.u8('rpc_vers_minor');
  if (minor > 1) throw r.error('rpc_vers_minor', `0 or 1 expected, ${minor} came`);
  const type = r.u8('PTYPE');
  const flags = r.u8('pfc_flags');
  const drep = r.u32be('packed_drep');
  if (drep !== 0x1000_0000) throw r.error('packed_drep', 'little endian, ASCII, IEEE expected');
  const fragmentLength = r.limited(r.u16le('frag_length'), MAX_FRAGMENT_BYTES, 'frag_length');
  const authLength = r.u16le('auth_length');
  const callId = r.u32le('call_id');
  const least = PDU_HEADER_BYTES + (authLength === 0 ? 0 : SEC_TRAILER_BYTES + authLength);
  if (fragmentLength < least)
    throw r.error('frag_length', `at least ${least} expected, ${fragmentLength} came`);
  return { type, flags, fragmentLength, authLength, callId };
}

/** Writes a header; frag_length and auth_length are set by `finishPdu`. */
export function beginPdu(w: Writer, type: number, flags: number, callId: number): void {
  w.u8(5).u8(0).u8(type).u8(flags).u32be(0x1000_0000).u16le(0).u16le(0).u32le(callId);
}

export function finishPdu(w: Writer, authLength: number): void {
  w.setU16le(8, w.length).setU16le(10, authLength);
}

/** sec_trailer ([MS-RPCE] 2.2.2.11) with the token after it, and where it begins in its PDU. */
export interface SecurityTrailer {
  authType: number;
  authLevel: number;
  padLength: number;
  contextId: number;
  offset: number;
  token: Uint8Array;
}

export function encodeSecurityTrailer(
  w: Writer,
  trailer: { authType: number; padLength: number; contextId: number },
): void {
  w.u8(trailer.authType).u8(AUTH_LEVEL_PRIVACY).u8(trailer.padLength).u8(0).u32le(trailer.contextId);
}

/** The trailer at the end of a PDU that announced one, or undefined. `bodyOffset` is the earliest start of padding. */
export function decodeSecurityTrailer(
  pdu: Uint8Array,
  header: PduHeader,
  bodyOffset: number,
): SecurityTrailer | undefined {
  if (header.authLength === 0) return undefined;
  const offset = header.fragmentLength - header.authLength - SEC_TRAILER_BYTES;
  const r = new Reader(pdu, 'sec_trailer', Math.max(offset, 0));
  const authType = r.u8('auth_type');
  const authLevel = r.u8('auth_level');
  const padLength = r.u8('auth_pad_length');
  r.skip(1, 'auth_reserved');
  const contextId = r.u32le('auth_context_id');
  if (offset - padLength < bodyOffset)
    throw r.error('auth_pad_length', `${padLength} is more than the body has`);
  return {
    authType,
    authLevel,
    padLength,
    contextId,
    offset,
    token: r.slice(header.authLength, 'auth_value'),
  };
}
