import { Reader, Writer } from '@causeway/wire';
import {
  beginPdu,
  decodeSecurityTrailer,
  encodeSecurityTrailer,
  finishPdu,
  MAX_FRAGMENT_BYTES,
  PDU_HEADER_BYTES,
  PduFlag,
  type PduHeader,
  PduType,
  type SecurityTrailer,
} from './pdu.ts';
import { decodeSyntaxId, encodeSyntaxId, type SyntaxId } from './syntax.ts';

/** Presentation contexts in one answer. We never offer more than two. */
export const MAX_CONTEXT_RESULTS = 8;
/** Protocol versions that a bind_nak may list. */
export const MAX_NAK_VERSIONS = 16;

export interface PresentationContext {
  id: number;
  abstractSyntax: SyntaxId;
  transferSyntax: SyntaxId;
}

export interface AuthToken {
  authType: number;
  contextId: number;
  token: Uint8Array;
}

/** bind, or alter_context, which has the same body ([C706] 12.6.4.3, 12.6.4.1). */
export function encodeBind(bind: {
  type?: typeof PduType.bind | typeof PduType.alterContext;
  callId: number;
  associationGroup?: number;
  contexts: readonly PresentationContext[];
  auth?: AuthToken | undefined;
}): Uint8Array {
  const flags = PduFlag.firstFragment | PduFlag.lastFragment | (bind.auth ? PduFlag.supportHeaderSign : 0);
  const w = new Writer(512);
  beginPdu(w, bind.type ?? PduType.bind, flags, bind.callId);
  w.u16le(MAX_FRAGMENT_BYTES)
    .u16le(MAX_FRAGMENT_BYTES)
    .u32le(bind.associationGroup ?? 0);
  w.u8(bind.contexts.length).zeros(3);
  for (const context of bind.contexts) {
    w.u16le(context.id).u8(1).u8(0);
    encodeSyntaxId(w, context.abstractSyntax);
    encodeSyntaxId(w, context.transferSyntax);
  }
  return withToken(w, bind.auth);
}

/** rpc_auth_3 ([MS-RPCE] 2.2.2.5): the last leg, which gets no answer. */
export function encodeAuth3(callId: number, auth: AuthToken): Uint8Array {
  const w = new Writer(512);
  beginPdu(w, PduType.auth3, PduFlag.firstFragment | PduFlag.lastFragment, callId);
  w.zeros(4);
  return withToken(w, auth);
}

function withToken(w: Writer, auth: AuthToken | undefined): Uint8Array {
  if (auth) {
    w.align(4);
    encodeSecurityTrailer(w, { ...auth, padLength: 0 });
    w.raw(auth.token);
  }
  finishPdu(w, auth?.token.length ?? 0);
  return w.toBytes();
}

export interface BindAck {
  maxTransmit: number;
  maxReceive: number;
  associationGroup: number;
  headerSigning: boolean;
  results: { result: number; reason: number; transferSyntax: SyntaxId }[];
  trailer: SecurityTrailer | undefined;
}

/** bind_ack and alter_context_resp ([C706] 12.6.4.4). */
export function decodeBindAck(pdu: Uint8Array, header: PduHeader): BindAck {
  const r = new Reader(pdu, 'bind_ack', PDU_HEADER_BYTES);
  const maxTransmit = r.u16le('max_xmit_frag');
  const maxReceive = r.u16le('max_recv_frag');
  const associationGroup = r.u32le('assoc_group_id');
  r.skip(r.u16le('sec_addr.length'), 'sec_addr');
  r.align(4);
  const count = r.limited(r.u8('n_results'), MAX_CONTEXT_RESULTS, 'n_results');
  r.skip(3, 'reserved');
  const results = Array.from({ length: count }, () => ({
    result: r.u16le('result'),
    reason: r.u16le('reason'),
    transferSyntax: decodeSyntaxId(r, 'transfer_syntax'),
  }));
  const trailer = decodeSecurityTrailer(pdu, header, r.offset);
  const headerSigning = (header.flags & PduFlag.supportHeaderSign) !== 0;
  return { maxTransmit, maxReceive, associationGroup, headerSigning, results, trailer };
}

/** The reason in a bind_nak ([C706] 12.6.4.5). The list of versions is optional and skipped. */
export function decodeBindNak(pdu: Uint8Array): { reason: number } {
  const r = new Reader(pdu, 'bind_nak', PDU_HEADER_BYTES);
  const reason = r.u16le('provider_reject_reason');
  if (r.remaining > 0)
    r.skip(2 * r.limited(r.u8('n_protocols'), MAX_NAK_VERSIONS, 'n_protocols'), 'versions');
  return { reason };
}
