import { createHmac } from 'node:crypto';
import { Rc4 } from '@causeway/credentials';
import { encodeUtf16le, Reader, Writer } from '@causeway/wire';
import { Framer } from '../dcerpc/framer.ts';
import {
  beginPdu,
  decodePduHeader,
  decodeSecurityTrailer,
  encodeSecurityTrailer,
  finishPdu,
  PduFlag,
  type PduHeader,
  PduType,
  SEC_TRAILER_BYTES,
  STUB_OFFSET,
} from '../dcerpc/pdu.ts';
import { encodeSyntaxId, NDR20 } from '../dcerpc/syntax.ts';
import { ntowfV2 } from '../ntlm/client.ts';
import { NTLM_SIGNATURE_BYTES, NtlmStream } from '../ntlm/session.ts';
import * as recorded from './recorded.ts';

export interface TestServerOptions {
  /** Absent: no authentication. */
  account?: { domain: string; user: string; ntHash: Uint8Array };
  /** Stub bytes per response fragment. */
  fragmentBytes?: number;
  maxReceive?: number;
}

export interface TestCall {
  opnum: number;
  stub: Uint8Array;
}

/**
 * The server's end of an association for scripted peers. Bind and NTLM are real, the answers come from the script. Its CHALLENGE is a
 * recorded one.
 */
export class TestServer {
  readonly #options: TestServerOptions;
  readonly #framer = new Framer();
  #streams: { in: NtlmStream; out: NtlmStream } | undefined;
  #parts: Uint8Array[] = [];
  #callId = 0;
  #refused = false;
  /** The key under which secret attributes have to be encrypted. */
  sessionKey: Uint8Array = new Uint8Array(0);
  /** Number of fragments in the last request. */
  requestFragments = 0;

  constructor(options: TestServerOptions = {}) {
    this.#options = options;
  }

  /** Bytes to send back at once, and the calls that need an answer. */
  receive(chunk: Uint8Array): { send: Uint8Array[]; calls: TestCall[] } {
    const send: Uint8Array[] = [];
    const calls: TestCall[] = [];
    this.#framer.push(chunk, pdu => {
      const header = decodePduHeader(pdu);
      this.#callId = header.callId;
      if (header.type === PduType.bind) send.push(this.#bindAck(pdu));
      if (header.type === PduType.auth3) this.#authenticate(decodeSecurityTrailer(pdu, header, 16)!.token);
      if (header.type === PduType.request) {
        const call = this.#request(pdu, header);
        if (call === 'refused') send.push(this.fault(5));
        else if (call) calls.push(call);
      }
    });
    return { send, calls };
  }

  /** The fragments of an answer. */
  respond(stub: Uint8Array): Uint8Array[] {
    const { fragmentBytes = 1024 } = this.#options;
    const pdus: Uint8Array[] = [];
    for (let at = 0; at === 0 || at < stub.length; at += fragmentBytes) {
      const part = stub.subarray(at, at + fragmentBytes);
      const last = at + fragmentBytes >= stub.length;
      const w = new Writer();
      const flags = (at === 0 ? PduFlag.firstFragment : 0) | (last ? PduFlag.lastFragment : 0);
      beginPdu(w, PduType.response, flags, this.#callId);
      w.u32le(stub.length - at)
        .u32le(0)
        .raw(part);
      pdus.push(this.#streams ? this.#sealed(w, this.#streams.out) : plain(w));
    }
    return pdus;
  }

  fault(status: number): Uint8Array {
    const w = new Writer();
    beginPdu(w, PduType.fault, PduFlag.firstFragment | PduFlag.lastFragment, this.#callId);
    return plain(w.u32le(0).u32le(0).u32le(status).u32le(0));
  }

  #sealed(w: Writer, stream: NtlmStream): Uint8Array {
    const padLength = -w.length & 15;
    w.zeros(padLength);
    const trailerAt = w.length;
    encodeSecurityTrailer(w, { authType: 10, padLength, contextId: 1 });
    w.zeros(NTLM_SIGNATURE_BYTES);
    finishPdu(w, NTLM_SIGNATURE_BYTES);
    const pdu = w.view();
    const signature = stream.seal(
      pdu.subarray(0, STUB_OFFSET),
      pdu.subarray(STUB_OFFSET, trailerAt),
      pdu.subarray(trailerAt, trailerAt + SEC_TRAILER_BYTES),
    );
    pdu.set(signature, trailerAt + SEC_TRAILER_BYTES);
    return pdu;
  }

  #bindAck(bind: Uint8Array): Uint8Array {
    const contexts = bind[24]!;
    const secured = this.#options.account !== undefined;
    const flags = PduFlag.firstFragment | PduFlag.lastFragment | PduFlag.supportHeaderSign;
    const w = new Writer();
    beginPdu(w, PduType.bindAck, flags, this.#callId);
    const maxReceive = this.#options.maxReceive ?? 5840;
    w.u16le(5840).u16le(maxReceive).u32le(0x9a98).u16le(0).align(4).u8(contexts).zeros(3);
    for (let i = 0; i < contexts; i++) {
      w.u16le(i === 0 ? 0 : 3).u16le(i === 0 ? 0 : 3);
      encodeSyntaxId(
        w,
        i === 0 ? NDR20 : { uuid: '00000000-0000-0000-0000-000000000000', major: 0, minor: 0 },
      );
    }
    if (!secured) return plain(w);
    const challenge = recordedChallenge();
    encodeSecurityTrailer(w, { authType: 10, padLength: 0, contextId: 1 });
    w.raw(challenge);
    finishPdu(w, challenge.length);
    return w.toBytes();
  }

  #authenticate(message: Uint8Array): void {
    const { domain, user, ntHash } = this.#options.account!;
    const field = (at: number): Uint8Array => {
      const r = new Reader(message, 'AUTHENTICATE', at);
      const length = r.u16le('Len');
      const offset = new Reader(message, 'AUTHENTICATE', at + 4).u32le('BufferOffset');
      return message.subarray(offset, offset + length);
    };
    const response = field(20);
    const key = ntowfV2(ntHash, user, domain);
    const mac = (...parts: Uint8Array[]): Buffer =>
      parts.reduce((sum, part) => sum.update(part), createHmac('md5', key)).digest();
    const proof = mac(recordedChallenge().subarray(24, 32), response.subarray(16));
    const names = Buffer.concat([field(28), field(36)]);
    this.#refused =
      !proof.equals(response.subarray(0, 16)) ||
      !names.equals(Buffer.concat([encodeUtf16le(domain), encodeUtf16le(user)]));
    this.sessionKey = new Rc4(mac(proof)).process(field(52));
    this.#streams = {
      in: new NtlmStream(this.sessionKey, 'client-to-server'),
      out: new NtlmStream(this.sessionKey, 'server-to-client'),
    };
  }

  #request(pdu: Uint8Array, header: PduHeader): TestCall | 'refused' | undefined {
    if (this.#refused) return 'refused';
    const trailer = decodeSecurityTrailer(pdu, header, STUB_OFFSET);
    let part = pdu.slice(STUB_OFFSET);
    if (trailer && this.#streams) {
      part = pdu.slice(STUB_OFFSET, trailer.offset);
      const trailerBytes = pdu.subarray(trailer.offset, trailer.offset + SEC_TRAILER_BYTES);
      this.#streams.in.unseal(pdu.subarray(0, STUB_OFFSET), part, trailerBytes, trailer.token);
      part = part.subarray(0, part.length - trailer.padLength);
    }
    if (header.flags & PduFlag.firstFragment) this.#parts = [];
    this.#parts.push(part);
    if (!(header.flags & PduFlag.lastFragment)) return undefined;
    this.requestFragments = this.#parts.length;
    const opnum = new Reader(pdu, 'request', 22).u16le('opnum');
    return { opnum, stub: new Uint8Array(Buffer.concat(this.#parts)) };
  }
}

function plain(w: Writer): Uint8Array {
  finishPdu(w, 0);
  return w.toBytes();
}

/** The CHALLENGE in the recorded bind_ack. */
export function recordedChallenge(): Uint8Array {
  return recorded.BIND_ACK.slice(-150);
}
