import { DecodeError, decodeGuid, type Guid, Reader } from '@causeway/wire';
import { decodePointer } from '../ndr/ndr.ts';
import { type DsName, decodeDsName } from './dsname.ts';
import type { UsnVector } from './get-nc-changes-request.ts';
import { decodePrefixEntries, MAX_PREFIXES, PrefixTable } from './prefix-table.ts';
import {
  decodeObjects,
  MAX_LINKED_VALUES,
  MAX_OBJECTS,
  type ReplicatedObject,
  skipLinkedValues,
} from './replicated-object.ts';
import { type Cursor, decodeUpToDateVector } from './up-to-date-vector.ts';

/** The front of a reply, which suffices to request the next page before this one is decoded. */
export interface ReplyHeader {
  invocationId: Guid;
  /** The replicated naming context; for a single object, the object. */
  namingContext: DsName | undefined;
  from: UsnVector;
  to: UsnVector;
  extendedResult: number;
  objectCount: number;
  linkedValueCount: number;
  more: boolean;
  /** dwDRSError: a failure that is reported within a reply. 0 in V1, which has none. */
  drsError: number;
  /** The call's own return value, a WERROR. */
  status: number;
}

interface Fixed extends Omit<ReplyHeader, 'namingContext'> {
  version: 1 | 6 | 9;
  hasNamingContext: boolean;
  hasVector: boolean;
  prefixCount: number;
  hasPrefixes: boolean;
  hasObjects: boolean;
  hasLinkedValues: boolean;
}

export interface Reply extends ReplyHeader {
  /** Present on the last page of a cycle. */
  upToDateVector: Cursor[] | undefined;
  prefixTable: PrefixTable;
  objects: ReplicatedObject[];
}

/** A failed call's reply is all zeros except its last four bytes. */
export function decodeReplyStatus(stub: Uint8Array): number {
  return new Reader(stub, 'GetNCChanges', Math.max(stub.length - 4, 0)).u32le('status');
}

/** Only the header, of DRS_MSG_GETCHGREPLY_V1, V6 or V9 ([MS-DRSR] 4.1.10.2.8 to 4.1.10.2.14). */
export function decodeReplyHeader(stub: Uint8Array): ReplyHeader {
  const r = new Reader(stub, 'GetNCChanges');
  const fixed = decodeFixed(r);
  return { ...fixed, namingContext: decodeNamingContext(r, fixed) };
}

/**
 * The whole reply. Values are views of `stub`, valid until it is wiped.
 *
 * Senders differ in one point: after an empty array whose elements begin at multiples of 8, engines modelled on Windows write padding for
 * the first element, and Samba does not. A reply is first read as Samba writes it and, if that fails, as the others do. It cannot succeed
 * wrongly: what follows is a name, whose lengths fit each other in one place only, or the end of the reply, which must be met exactly.
 */
export function decodeReply(stub: Uint8Array): Reply {
  try {
    return decodeWith(false, stub);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    try {
      return decodeWith(true, stub);
    } catch {
      throw error;
    }
  }
}

function decodeWith(padsEmpty: boolean, stub: Uint8Array): Reply {
  const r = new Reader(stub, 'GetNCChanges');
  const fixed = decodeFixed(r);
  const namingContext = decodeNamingContext(r, fixed);
  const upToDateVector = fixed.hasVector ? decodeUpToDateVector(r) : undefined;
  const prefixTable = fixed.hasPrefixes
    ? decodePrefixEntries(r, fixed.prefixCount)
    : new PrefixTable(new Map());
  const objects = fixed.hasObjects ? decodeObjects(r, fixed.objectCount, padsEmpty) : [];
  if (objects.length !== fixed.objectCount) {
    throw r.error('cNumObjects', `${fixed.objectCount} announced, ${objects.length} came`);
  }
  if (fixed.hasLinkedValues)
    skipLinkedValues(r, fixed.linkedValueCount, fixed.version === 9 ? 3 : 1, padsEmpty);
  r.align(4);
  r.skip(4, 'status');
  r.end();
  return { ...fixed, namingContext, upToDateVector, prefixTable, objects };
}

function decodeNamingContext(r: Reader, { hasNamingContext }: Fixed): DsName | undefined {
  return hasNamingContext ? decodeDsName(r, 'pNC') : undefined;
}

function decodeFixed(r: Reader): Fixed {
  const version = r.u32le('outVersion');
  if (version !== 1 && version !== 6 && version !== 9) {
    throw r.error('outVersion', `1, 6 or 9 expected, ${version} came`);
  }
  const tag = r.u32le('tag');
  if (tag !== version) throw r.error('tag', `${version} expected, ${tag} came`);
  r.skip(16, 'uuidDsaObjSrc');
  const invocationId = decodeGuid(r.slice(16, 'uuidInvocIdSrc'));
  const hasNamingContext = decodePointer(r, 'pNC');
  r.align(8);
  const from = decodeUsnVector(r, 'usnvecFrom');
  const to = decodeUsnVector(r, 'usnvecTo');
  const hasVector = decodePointer(r, 'pUpToDateVecSrc');
  const prefixCount = r.limited(r.u32le('PrefixCount'), MAX_PREFIXES, 'PrefixCount');
  const hasPrefixes = decodePointer(r, 'pPrefixEntry');
  const extendedResult = r.u32le('ulExtendedRet');
  const objectCount = r.limited(r.u32le('cNumObjects'), MAX_OBJECTS, 'cNumObjects');
  r.skip(4, 'cNumBytes');
  const hasObjects = decodePointer(r, 'pObjects');
  const more = r.u32le('fMoreData') !== 0;
  let linkedValueCount = 0;
  let hasLinkedValues = false;
  let drsError = 0;
  if (version !== 1) {
    r.skip(8, 'cNumNcSize');
    linkedValueCount = r.limited(r.u32le('cNumValues'), MAX_LINKED_VALUES, 'cNumValues');
    hasLinkedValues = decodePointer(r, 'rgValues');
    drsError = r.u32le('dwDRSError');
  }
  const status = decodeReplyStatus(r.bytes);
  return {
    ...{ version, invocationId, from, to, extendedResult, objectCount, more, drsError, status },
    ...{
      hasNamingContext,
      hasVector,
      prefixCount,
      hasPrefixes,
      hasObjects,
      linkedValueCount,
      hasLinkedValues,
    },
  };
}

function decodeUsnVector(r: Reader, field: string): UsnVector {
  return { highObjUpdate: r.u64le(field), reserved: r.u64le(field), highPropUpdate: r.u64le(field) };
}
