import { encodeUtf16le, Reader, Writer } from '@causeway/wire';

/** The NegotiateFlags ([MS-NLMP] 2.2.2.5) that we use. */
export const NtlmFlag = {
  unicode: 0x0000_0001,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  seal: 0x0000_0020,
  ntlm: 0x0000_0200,
  alwaysSign: 0x0000_8000,
  extendedSessionSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  strong128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  weak56: 0x8000_0000,
} as const;

/** All flags that we offer. Sums above 2^31 must stay unsigned, so always use `>>> 0`. */
export const OFFERED_FLAGS = Object.values(NtlmFlag).reduce((sum, flag) => (sum | flag) >>> 0, 0);

/** AV_PAIR ids ([MS-NLMP] 2.2.2.1). */
export const AvId = { end: 0, flags: 6, timestamp: 7, targetName: 9, channelBindings: 10 } as const;

/** Bytes of the target info. A real one has about 200. */
export const MAX_TARGET_INFO_BYTES = 4096;
export const MAX_AV_PAIRS = 32;

const SIGNATURE = encodeAscii('NTLMSSP\0');
/** Windows 10 with NTLMSSP_REVISION_W2K3, the only part with a meaning ([MS-NLMP] 2.2.2.10). */
const VERSION = Uint8Array.of(0x0a, 0, 0x63, 0x45, 0, 0, 0, 0x0f);
const MessageType = { negotiate: 1, challenge: 2, authenticate: 3 } as const;
const MIC_OFFSET = 72;
const AUTHENTICATE_HEADER_BYTES = 88;

export interface AvPair {
  id: number;
  value: Uint8Array;
}

export interface Challenge {
  flags: number;
  serverChallenge: Uint8Array;
  targetInfo: AvPair[];
}

/** NEGOTIATE_MESSAGE ([MS-NLMP] 2.2.1.1), without domain and workstation. */
export function encodeNegotiate(): Uint8Array {
  const w = new Writer(40).raw(SIGNATURE).u32le(MessageType.negotiate).u32le(OFFERED_FLAGS);
  return w.zeros(16).raw(VERSION).toBytes();
}

/** CHALLENGE_MESSAGE ([MS-NLMP] 2.2.1.2). */
export function decodeChallenge(message: Uint8Array): Challenge {
  const r = new Reader(message, 'CHALLENGE');
  if (!r.slice(8, 'Signature').every((byte, i) => byte === SIGNATURE[i])) {
    throw r.error('Signature', 'NTLMSSP expected');
  }
  const type = r.u32le('MessageType');
  if (type !== MessageType.challenge) throw r.error('MessageType', `2 expected, ${type} came`);
  r.skip(8, 'TargetNameFields');
  const flags = r.u32le('NegotiateFlags');
  const serverChallenge = r.slice(8, 'ServerChallenge').slice();
  r.skip(8, 'Reserved');
  const length = r.limited(r.u16le('TargetInfoLen'), MAX_TARGET_INFO_BYTES, 'TargetInfoLen');
  r.skip(2, 'TargetInfoMaxLen');
  const offset = r.u32le('TargetInfoBufferOffset');
  const payload = new Reader(message, 'CHALLENGE');
  payload.skip(offset, 'TargetInfoBufferOffset');
  return { flags, serverChallenge, targetInfo: decodeAvPairs(payload.slice(length, 'TargetInfo')) };
}

function decodeAvPairs(bytes: Uint8Array): AvPair[] {
  const r = new Reader(bytes, 'CHALLENGE.TargetInfo');
  const pairs: AvPair[] = [];
  while (r.remaining > 0) {
    const id = r.u16le('AvId');
    const value = r.slice(r.u16le('AvLen'), 'Value').slice();
    if (id === AvId.end) return pairs;
    r.limited(pairs.length + 1, MAX_AV_PAIRS, 'AvPairs');
    pairs.push({ id, value });
  }
  return pairs;
}

export function encodeAvPairs(pairs: readonly AvPair[]): Uint8Array {
  const w = new Writer();
  for (const { id, value } of pairs) w.u16le(id).u16le(value.length).raw(value);
  return w.u32le(0).toBytes();
}

/** AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3) with space for the MIC, which `setMic` fills in. */
export function encodeAuthenticate(message: {
  lmResponse: Uint8Array;
  ntResponse: Uint8Array;
  domain: string;
  user: string;
  encryptedSessionKey: Uint8Array;
  flags: number;
}): Uint8Array {
  const { lmResponse, ntResponse, encryptedSessionKey } = message;
  const domain = encodeUtf16le(message.domain);
  const user = encodeUtf16le(message.user);
  const workstation = new Uint8Array(0);
  const w = new Writer(512).raw(SIGNATURE).u32le(MessageType.authenticate);
  let offset = AUTHENTICATE_HEADER_BYTES;
  const offsets = new Map<Uint8Array, number>();
  for (const part of [lmResponse, ntResponse, domain, user, workstation, encryptedSessionKey]) {
    offsets.set(part, offset);
    offset += part.length;
  }
  for (const [part, at] of offsets) w.u16le(part.length).u16le(part.length).u32le(at);
  w.u32le(message.flags).raw(VERSION).zeros(16);
  for (const part of offsets.keys()) w.raw(part);
  return w.toBytes();
}

export function setMic(authenticate: Uint8Array, mic: Uint8Array): void {
  authenticate.set(mic, MIC_OFFSET);
}

function encodeAscii(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}
