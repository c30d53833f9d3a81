import { Reader, Writer } from '@causeway/wire';
import {
  beginPdu,
  encodeSecurityTrailer,
  finishPdu,
  PDU_HEADER_BYTES,
  PduFlag,
  PduType,
  SEC_TRAILER_BYTES,
  STUB_OFFSET,
} from './pdu.ts';
import type { SecurityContext } from './security.ts';

/** Stubs of sealed PDUs are padded to this, as Samba and Windows do. */
const AUTH_PAD_ALIGNMENT = 16;

export interface CallBody {
  allocHint: number;
  contextId: number;
}

/** The part between the header and the stub of a response or fault ([C706] 12.6.4.10, 12.6.4.7). */
export function decodeCallBody(pdu: Uint8Array): CallBody {
  const r = new Reader(pdu, 'response', PDU_HEADER_BYTES);
  const body = { allocHint: r.u32le('alloc_hint'), contextId: r.u16le('p_cont_id') };
  r.skip(2, 'cancel_count');
  return body;
}

/** The status of a fault PDU. */
export function decodeFaultStatus(pdu: Uint8Array): number {
  return new Reader(pdu, 'fault', STUB_OFFSET).u32le('status');
}

/** The PDUs of one request ([C706] 12.6.4.9), each sealed separately and no larger than the server accepts. The stub is read, not kept. */
export function encodeRequest(request: {
  callId: number;
  contextId: number;
  opnum: number;
  stub: Uint8Array;
  maxFragment: number;
  security?: { context: SecurityContext; contextId: number } | undefined;
}): Uint8Array[] {
  const { stub, security } = request;
  const overhead = security ? SEC_TRAILER_BYTES + security.context.signatureLength : 0;
  const room = request.maxFragment - STUB_OFFSET - overhead;
  const most = room - (room % AUTH_PAD_ALIGNMENT);
  const pdus: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < stub.length; at += most) {
    const part = stub.subarray(at, at + most);
    const last = at + most >= stub.length;
    const flags = (at === 0 ? PduFlag.firstFragment : 0) | (last ? PduFlag.lastFragment : 0);
    const w = new Writer(part.length + 64 + overhead);
    beginPdu(w, PduType.request, flags, request.callId);
    w.u32le(stub.length - at)
      .u16le(request.contextId)
      .u16le(request.opnum)
      .raw(part);
    if (security) {
      const padLength = -part.length & (AUTH_PAD_ALIGNMENT - 1);
      w.zeros(padLength);
      encodeSecurityTrailer(w, {
        authType: security.context.authType,
        padLength,
        contextId: security.contextId,
      });
      w.zeros(security.context.signatureLength);
    }
    finishPdu(w, security?.context.signatureLength ?? 0);
    const pdu = w.view();
    if (security) {
      const trailerAt = pdu.length - overhead;
      const signature = security.context.seal(
        pdu.subarray(0, STUB_OFFSET),
        pdu.subarray(STUB_OFFSET, trailerAt),
        pdu.subarray(trailerAt, trailerAt + SEC_TRAILER_BYTES),
      );
      pdu.set(signature, trailerAt + SEC_TRAILER_BYTES);
    }
    pdus.push(pdu);
  }
  return pdus;
}
