import { DecodeError } from '@causeway/wire';
import { decodeBindAck, decodeBindNak, encodeAuth3, encodeBind } from './bind.ts';
import { decodeCallBody, decodeFaultStatus, encodeRequest } from './call.ts';
import { Framer } from './framer.ts';
import {
  AUTH_LEVEL_PRIVACY,
  decodePduHeader,
  decodeSecurityTrailer,
  MAX_FRAGMENT_BYTES,
  PduFlag,
  type PduHeader,
  PduType,
  SEC_TRAILER_BYTES,
  type SecurityTrailer,
  STUB_OFFSET,
} from './pdu.ts';
import { ResponseBuffer } from './response-buffer.ts';
import type { SecurityContext } from './security.ts';
import { bindTimeFeatureSyntax, NDR20, type SyntaxId } from './syntax.ts';

/** The smallest fragment that a server must accept ([C706] 12.6.3.1, MustRecvFragSize). */
const MIN_FRAGMENT_BYTES = 1432;
const SECURITY_CONTEXT_ID = 1;
const INTERFACE_CONTEXT = 0;
const FEATURES_CONTEXT = 1;

const Result = { acceptance: 0, negotiateAck: 3 } as const;
const REJECTIONS = ['not specified', 'abstract syntax not supported', 'transfer syntaxes not supported'];

export interface AssociationOptions {
  interface: SyntaxId;
  /** Absent: no authentication, as for the endpoint mapper. */
  security?: SecurityContext;
  /** Bitmask of the `BindTimeFeature`s to offer; none by default. */
  bindTimeFeatures?: number;
}

export type AssociationEvent =
  | { type: 'send'; bytes: Uint8Array }
  | { type: 'bound' }
  /** The receiver owns the stub and must wipe it: it may hold secrets. */
  | { type: 'response'; stub: Uint8Array }
  | { type: 'fault'; status: number };

/** The server refused the bind. */
export class BindRejectedError extends Error {
  override readonly name = 'BindRejectedError';
  /** provider_reject_reason of a bind_nak; undefined if the server refused the interface. */
  readonly nakReason: number | undefined;

  constructor(message: string, nakReason?: number) {
    super(message);
    this.nakReason = nakReason;
  }
}

/**
 * One client association over a connection ([MS-RPCE] 3.3.2) as a state machine: bytes in, events out. One call at a time. After it throws
 * it cannot be used: close the connection and `wipe`.
 */
export class Association {
  readonly #options: AssociationOptions;
  readonly #framer = new Framer();
  #state: 'binding' | 'bound' | 'calling' | 'closed' = 'binding';
  #callId = 1;
  #maxTransmit = MAX_FRAGMENT_BYTES;
  #response: ResponseBuffer | undefined;
  #headerSigning = false;
  #features = 0;

  constructor(options: AssociationOptions) {
    this.#options = options;
  }

  /** Whether the server agreed to sign headers. NTLM always covers them; Kerberos needs to know. */
  get headerSigning(): boolean {
    return this.#headerSigning;
  }

  /** The bind-time features that the server accepted. */
  get bindTimeFeatures(): number {
    return this.#features;
  }

  /** The bind PDU, to be sent first. */
  start(): Uint8Array {
    const { security, bindTimeFeatures = 0 } = this.#options;
    const abstractSyntax = this.#options.interface;
    const contexts = [{ id: INTERFACE_CONTEXT, abstractSyntax, transferSyntax: NDR20 }];
    if (bindTimeFeatures !== 0) {
      const transferSyntax = bindTimeFeatureSyntax(bindTimeFeatures);
      contexts.push({ id: FEATURES_CONTEXT, abstractSyntax, transferSyntax });
    }
    return encodeBind({ callId: this.#callId, contexts, auth: security && this.#token(security.start()) });
  }

  /** The PDUs of a call, to be sent in order. A `response` or `fault` event answers it. */
  request(opnum: number, stub: Uint8Array): Uint8Array[] {
    if (this.#state !== 'bound')
      throw new Error(`a call cannot begin while the association is ${this.#state}`);
    this.#state = 'calling';
    const { security } = this.#options;
    return encodeRequest({
      callId: ++this.#callId,
      contextId: INTERFACE_CONTEXT,
      opnum,
      stub,
      maxFragment: this.#maxTransmit,
      security: security && { context: security, contextId: SECURITY_CONTEXT_ID },
    });
  }

  /**
   * Takes bytes from the server, and unseals them in a copy.
   *
   * @throws DecodeError if they are no valid answer, SignatureError if they are not the server's, BindRejectedError if the server refuses
   * the bind.
   */
  receive(chunk: Uint8Array): AssociationEvent[] {
    const events: AssociationEvent[] = [];
    this.#framer.push(chunk, pdu => this.#receivePdu(pdu, events));
    return events;
  }

  /** Overwrites keys and any partial response. */
  wipe(): void {
    this.#state = 'closed';
    this.#framer.close();
    this.#response?.wipe();
    this.#response = undefined;
    this.#options.security?.wipe();
  }

  #token(token: Uint8Array) {
    return { authType: this.#options.security!.authType, contextId: SECURITY_CONTEXT_ID, token };
  }

  #receivePdu(pdu: Uint8Array, events: AssociationEvent[]): void {
    const header = decodePduHeader(pdu);
    if (header.callId !== this.#callId) {
      throw new DecodeError('PDU.call_id', 'unexpected', `${this.#callId} expected, ${header.callId} came`);
    }
    if (this.#state === 'binding') {
      if (header.type === PduType.bindAck) {
        this.#bound(pdu, header, events);
        return;
      }
      if (header.type === PduType.bindNak) {
        const { reason } = decodeBindNak(pdu);
        throw new BindRejectedError(`the server refuses the bind (bind_nak, reason ${reason})`, reason);
      }
    }
    if (this.#state === 'calling' && header.type === PduType.response) {
      this.#fragment(pdu, header, events);
      return;
    }
    if (header.type === PduType.fault && this.#state !== 'closed') {
      this.#response?.wipe();
      this.#response = undefined;
      if (this.#state === 'calling') this.#state = 'bound';
      events.push({ type: 'fault', status: decodeFaultStatus(pdu) });
      return;
    }
    throw new DecodeError('PDU.PTYPE', 'unexpected', `${header.type} came while ${this.#state}`);
  }

  #bound(pdu: Uint8Array, header: PduHeader, events: AssociationEvent[]): void {
    const ack = decodeBindAck(pdu, header);
    const [own, features] = ack.results;
    if (!own)
      throw new DecodeError('bind_ack.n_results', 'unexpected', 'a result for the interface expected');
    if (own.result !== Result.acceptance) {
      const why = REJECTIONS[own.reason] ?? `reason ${own.reason}`;
      throw new BindRejectedError(`the server refuses the interface ${this.#options.interface.uuid}: ${why}`);
    }
    if (own.transferSyntax.uuid !== NDR20.uuid) {
      throw new DecodeError('bind_ack.transfer_syntax', 'unexpected', `NDR20 expected`);
    }
    // Servers answer an offer of features with negotiate_ack, and put the accepted ones in the reason field.
    if (features?.result === Result.negotiateAck) this.#features = features.reason;
    this.#headerSigning = ack.headerSigning;
    this.#maxTransmit = Math.min(Math.max(ack.maxReceive, MIN_FRAGMENT_BYTES), MAX_FRAGMENT_BYTES);
    const { security } = this.#options;
    if (security) {
      const trailer = this.#checkTrailer(ack.trailer);
      events.push({
        type: 'send',
        bytes: encodeAuth3(this.#callId, this.#token(security.finish(trailer.token))),
      });
    }
    this.#state = 'bound';
    events.push({ type: 'bound' });
  }

  #checkTrailer(trailer: SecurityTrailer | undefined): SecurityTrailer {
    const { authType } = this.#options.security!;
    if (
      trailer?.authType !== authType ||
      trailer.authLevel !== AUTH_LEVEL_PRIVACY ||
      trailer.contextId !== SECURITY_CONTEXT_ID
    ) {
      const detail = `type ${authType} at level ${AUTH_LEVEL_PRIVACY} in our context expected`;
      throw new DecodeError('sec_trailer', 'unexpected', detail);
    }
    return trailer;
  }

  #fragment(pdu: Uint8Array, header: PduHeader, events: AssociationEvent[]): void {
    const body = decodeCallBody(pdu);
    const first = (header.flags & PduFlag.firstFragment) !== 0;
    if (first !== (this.#response === undefined)) {
      const detail = first ? 'a first fragment came twice' : 'a first fragment expected';
      throw new DecodeError('PDU.pfc_flags', 'unexpected', detail);
    }
    this.#response ??= new ResponseBuffer(body.allocHint);
    const { security } = this.#options;
    if (security) {
      const trailer = this.#checkTrailer(decodeSecurityTrailer(pdu, header, STUB_OFFSET));
      const place = this.#response.place(pdu.subarray(STUB_OFFSET, trailer.offset));
      security.unseal(
        pdu.subarray(0, STUB_OFFSET),
        place,
        pdu.subarray(trailer.offset, trailer.offset + SEC_TRAILER_BYTES),
        trailer.token,
      );
      this.#response.advance(place.length - trailer.padLength);
    } else {
      this.#response.advance(this.#response.place(pdu.subarray(STUB_OFFSET)).length);
    }
    if ((header.flags & PduFlag.lastFragment) === 0) return;
    const stub = this.#response.take();
    this.#response = undefined;
    this.#state = 'bound';
    events.push({ type: 'response', stub });
  }
}
