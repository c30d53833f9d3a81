import { Reader, Writer } from '@causeway/wire';
import {
  decodeConformance,
  decodePointer,
  decodeWideString,
  encodeWideString,
  Referents,
} from '../ndr/ndr.ts';

/** Names of one call ([MS-DRSR] 4.1.4.1.2). */
export const MAX_NAMES = 10_000;

/** The useful values of DS_NAME_FORMAT ([MS-DRSR] 4.1.4.1.3). */
export const NameFormat = {
  unknown: 0,
  distinguishedName: 1,
  nt4Account: 2,
  guid: 6,
  canonical: 7,
  userPrincipalName: 8,
  servicePrincipalName: 10,
  sid: 11,
} as const;
export type NameFormat = (typeof NameFormat)[keyof typeof NameFormat];

/** DS_NAME_ERROR ([MS-DRSR] 4.1.4.1.4): 0 is found, 2 not found, 3 not unique. */
export interface CrackedName {
  status: number;
  /** DNS name of the domain, if the DC knows it. */
  domain: string | undefined;
  name: string | undefined;
}

/** IDL_DRSCrackNames ([MS-DRSR] 4.1.4). */
export function encodeCrackNames(request: {
  handle: Uint8Array;
  offered: NameFormat;
  desired: NameFormat;
  names: readonly string[];
}): Uint8Array {
  const { names } = request;
  if (names.length === 0 || names.length > MAX_NAMES)
    throw new RangeError(`1 to ${MAX_NAMES} names expected`);
  const referents = new Referents();
  const w = new Writer().raw(request.handle).u32le(1).u32le(1);
  w.u32le(0).u32le(0).u32le(0).u32le(request.offered).u32le(request.desired).u32le(names.length);
  referents.write(w, true);
  w.u32le(names.length);
  for (let i = 0; i < names.length; i++) referents.write(w, true);
  for (const name of names) encodeWideString(w, name);
  return w.toBytes();
}

/** DRS_MSG_CRACKREPLY_V1 ([MS-DRSR] 4.1.4.1.8): the names in the order of the request, and the WERROR. */
export function decodeCrackNamesReply(stub: Uint8Array): { names: CrackedName[]; status: number } {
  const r = new Reader(stub, 'CrackNames');
  r.skip(8, 'outVersion');
  const names = decodePointer(r, 'pResult') ? decodeResult(r) : [];
  r.align(4);
  const status = r.u32le('status');
  r.end();
  return { names, status };
}

function decodeResult(r: Reader): CrackedName[] {
  const count = r.limited(r.u32le('cItems'), MAX_NAMES, 'cItems');
  if (!decodePointer(r, 'rItems')) return [];
  decodeConformance(r, count, 'rItems.max_count');
  const fixed: { status: number; hasDomain: boolean; hasName: boolean }[] = [];
  for (let i = 0; i < count; i++) {
    const status = r.u32le('rItems.status');
    const hasDomain = decodePointer(r, 'rItems.pDomain');
    fixed.push({ status, hasDomain, hasName: decodePointer(r, 'rItems.pName') });
  }
  return fixed.map(({ status, hasDomain, hasName }) => ({
    status,
    domain: hasDomain ? decodeWideString(r, 'rItems.pDomain') : undefined,
    name: hasName ? decodeWideString(r, 'rItems.pName') : undefined,
  }));
}
