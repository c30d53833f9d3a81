import { decodeGuid, encodeGuid, type Guid, NULL_GUID, Reader, Writer } from '@causeway/wire';
import { decodePointer, Referents } from '../ndr/ndr.ts';
import { DRS_HANDLE_BYTES, NTDSAPI_CLIENT_GUID } from './interface.ts';

/** Bytes of DRS_EXTENSIONS; 52 are known, the specification allows 10,000. */
export const MAX_EXTENSIONS_BYTES = 10_000;
const SENT_BYTES = 28;

/** DRS_EXTENSIONS_INT ([MS-DRSR] 5.39). Fields that an older DC omits read as 0. */
export interface DrsExtensions {
  flags: number;
  siteGuid: Guid;
  replicationEpoch: number;
  extendedFlags: number;
  configurationGuid: Guid;
}

/** IDL_DRSBind's stub ([MS-DRSR] 4.1.3). */
export function encodeDrsBind(extensions: { flags: number; replicationEpoch?: number }): Uint8Array {
  const w = new Writer(64);
  const referents = new Referents();
  referents.write(w, true);
  w.raw(encodeGuid(NTDSAPI_CLIENT_GUID));
  referents.write(w, true);
  w.u32le(SENT_BYTES).u32le(SENT_BYTES).u32le(extensions.flags).zeros(20);
  return w.u32le(extensions.replicationEpoch ?? 0).toBytes();
}

export interface DrsBindReply {
  extensions: DrsExtensions;
  /** 20 bytes, a copy. */
  handle: Uint8Array;
  status: number;
}

export function decodeDrsBindReply(stub: Uint8Array): DrsBindReply {
  const r = new Reader(stub, 'DRSBind');
  const present = decodePointer(r, 'ppextServer');
  const extensions = decodeExtensions(present ? extensionBytes(r) : new Uint8Array(0));
  r.align(4);
  const handle = r.slice(DRS_HANDLE_BYTES, 'phDrs').slice();
  const status = r.u32le('status');
  r.end();
  return { extensions, handle, status };
}

function extensionBytes(r: Reader): Uint8Array {
  const max = r.limited(r.u32le('ppextServer.max_count'), MAX_EXTENSIONS_BYTES, 'ppextServer.max_count');
  const cb = r.u32le('ppextServer.cb');
  if (cb !== max) throw r.error('ppextServer.cb', `${max} expected, ${cb} came`);
  return r.slice(cb, 'ppextServer.rgb');
}

function decodeExtensions(bytes: Uint8Array): DrsExtensions {
  const padded = new Uint8Array(52);
  padded.set(bytes.subarray(0, padded.length));
  const r = new Reader(padded, 'DRS_EXTENSIONS');
  const flags = r.u32le('dwFlags');
  const siteGuid = decodeGuid(r.slice(16, 'SiteObjGuid'));
  r.skip(4, 'Pid');
  const replicationEpoch = r.u32le('dwReplEpoch');
  const extendedFlags = r.u32le('dwFlagsExt');
  const configurationGuid = bytes.length < 48 ? NULL_GUID : decodeGuid(r.slice(16, 'ConfigObjGUID'));
  return { flags, siteGuid, replicationEpoch, extendedFlags, configurationGuid };
}
