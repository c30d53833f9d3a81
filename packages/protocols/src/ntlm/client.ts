import { createHmac } from 'node:crypto';
import { Rc4 } from '@causeway/credentials';
import { DecodeError, encodeUtf16le, type Filetime, upperCase, Writer } from '@causeway/wire';
import type { SecurityContext } from '../dcerpc/security.ts';
import {
  AvId,
  type AvPair,
  decodeChallenge,
  encodeAuthenticate,
  encodeAvPairs,
  encodeNegotiate,
  NtlmFlag,
  OFFERED_FLAGS,
  setMic,
} from './messages.ts';
import { NTLM_SIGNATURE_BYTES, NtlmStream } from './session.ts';

/** RPC_C_AUTHN_WINNT. */
export const AUTH_TYPE_NTLM = 10;

/** Without any of these the session would be weak or not sealed, so the client refuses such a server. */
const REQUIRED = {
  'extended session security': NtlmFlag.extendedSessionSecurity,
  '128-bit keys': NtlmFlag.strong128,
  'key exchange': NtlmFlag.keyExchange,
  signing: NtlmFlag.sign,
  sealing: NtlmFlag.seal,
} as const;

/** MsvAvFlags: the client sends a MIC ([MS-NLMP] 2.2.2.1). */
const MIC_PROVIDED = 2;

export interface NtlmOptions {
  /** The account's domain: NetBIOS or DNS name; empty if `user` is a UPN. */
  domain: string;
  user: string;
  /** 16 bytes; copied. */
  ntHash: Uint8Array;
  /** SPN of the server, `ldap/dc1.corp.example.com`. */
  targetName: string;
  /** 8 random bytes. */
  clientChallenge: Uint8Array;
  /** 16 random bytes; copied. */
  exportedSessionKey: Uint8Array;
  /** For servers that send no time. */
  now: Filetime;
}

/** NTOWFv2 ([MS-NLMP] 3.3.2): the user's name in Windows' upper case, the domain as sent. */
export function ntowfV2(ntHash: Uint8Array, user: string, domain: string): Uint8Array {
  return hmacMd5(ntHash, encodeUtf16le(upperCase(user) + domain));
}

/** NTLMv2_CLIENT_CHALLENGE ([MS-NLMP] 2.2.2.7) as the response's hash covers it. */
export function encodeClientChallenge(
  time: Filetime,
  challenge: Uint8Array,
  targetInfo: Uint8Array,
): Uint8Array {
  const w = new Writer(64 + targetInfo.length).u8(1).u8(1).zeros(6).u64le(time).raw(challenge).zeros(4);
  return w.raw(targetInfo).zeros(4).toBytes();
}

/** The client's side of NTLMv2 with MIC, key exchange, 128 bit and extended session security. */
export class NtlmClient implements SecurityContext {
  readonly authType = AUTH_TYPE_NTLM;
  readonly signatureLength = NTLM_SIGNATURE_BYTES;
  readonly sessionKey: Uint8Array;
  readonly #options: NtlmOptions;
  readonly #ntHash: Uint8Array;
  readonly #negotiate = encodeNegotiate();
  #streams: { out: NtlmStream; in: NtlmStream } | undefined;

  constructor(options: NtlmOptions) {
    this.#options = options;
    this.#ntHash = options.ntHash.slice();
    this.sessionKey = options.exportedSessionKey.slice();
  }

  start(): Uint8Array {
    return this.#negotiate;
  }

  finish(token: Uint8Array): Uint8Array {
    const { domain, user, clientChallenge, targetName, now } = this.#options;
    const challenge = decodeChallenge(token);
    for (const [what, flag] of Object.entries(REQUIRED)) {
      if ((challenge.flags & flag) === 0) {
        throw new DecodeError(
          'CHALLENGE.NegotiateFlags',
          'unexpected',
          `the server does not agree to ${what}`,
        );
      }
    }
    const time = challenge.targetInfo.find(pair => pair.id === AvId.timestamp)?.value;
    const targetInfo = encodeAvPairs(answeredPairs(challenge.targetInfo, targetName));
    const timestamp = time?.length === 8 ? new DataView(time.buffer).getBigUint64(0, true) : now;
    const temp = encodeClientChallenge(timestamp, clientChallenge, targetInfo);

    const responseKey = ntowfV2(this.#ntHash, user, domain);
    const proof = hmacMd5(responseKey, challenge.serverChallenge, temp);
    const baseKey = hmacMd5(responseKey, proof);
    const exchange = new Rc4(baseKey);
    const lmResponse = new Uint8Array(24);
    if (!time) {
      lmResponse.set(hmacMd5(responseKey, challenge.serverChallenge, clientChallenge));
      lmResponse.set(clientChallenge, 16);
    }
    const authenticate = encodeAuthenticate({
      lmResponse,
      ntResponse: Uint8Array.of(...proof, ...temp),
      domain,
      user,
      encryptedSessionKey: exchange.process(this.sessionKey),
      flags: (challenge.flags & OFFERED_FLAGS) >>> 0,
    });
    setMic(authenticate, hmacMd5(this.sessionKey, this.#negotiate, token, authenticate));
    for (const key of [responseKey, baseKey, this.#ntHash]) key.fill(0);
    exchange.wipe();
    this.#streams = {
      out: new NtlmStream(this.sessionKey, 'client-to-server'),
      in: new NtlmStream(this.sessionKey, 'server-to-client'),
    };
    return authenticate;
  }

  seal(header: Uint8Array, body: Uint8Array, trailer: Uint8Array): Uint8Array {
    return this.#established().out.seal(header, body, trailer);
  }

  unseal(header: Uint8Array, body: Uint8Array, trailer: Uint8Array, signature: Uint8Array): void {
    this.#established().in.unseal(header, body, trailer, signature);
  }

  wipe(): void {
    this.#ntHash.fill(0);
    this.sessionKey.fill(0);
    this.#streams?.out.wipe();
    this.#streams?.in.wipe();
    this.#streams = undefined;
  }

  #established() {
    if (!this.#streams) throw new Error('nothing can be sealed before the handshake is finished');
    return this.#streams;
  }
}

/** The server's pairs in their order, then those that [MS-NLMP] 3.1.5.1.2 has a client add. */
function answeredPairs(pairs: readonly AvPair[], targetName: string): AvPair[] {
  const flags = new Uint8Array(4);
  const given = pairs.find(pair => pair.id === AvId.flags)?.value;
  if (given?.length === 4) flags.set(given);
  flags[0]! |= MIC_PROVIDED;
  const replaced: number[] = [AvId.flags, AvId.targetName, AvId.channelBindings];
  return [
    ...pairs.filter(pair => !replaced.includes(pair.id)),
    { id: AvId.flags, value: flags },
    { id: AvId.targetName, value: encodeUtf16le(targetName) },
    { id: AvId.channelBindings, value: new Uint8Array(16) },
  ];
}

function hmacMd5(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const mac = createHmac('md5', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}
