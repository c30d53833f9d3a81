import { encodeGuid, type Guid, NULL_GUID, Writer } from '@causeway/wire';
import { Referents } from '../ndr/ndr.ts';
import { encodeDsName } from './dsname.ts';
import { type AttributeType, encodePrefixEntries } from './prefix-table.ts';
import { type Cursor, encodeUpToDateVector } from './up-to-date-vector.ts';

/** USN_VECTOR ([MS-DRSR] 5.203). Opaque to a client, which returns it unchanged. */
export interface UsnVector {
  highObjUpdate: bigint;
  reserved: bigint;
  highPropUpdate: bigint;
}

export const ZERO_USN_VECTOR: UsnVector = { highObjUpdate: 0n, reserved: 0n, highPropUpdate: 0n };

/** Any number but 0: the pointer to the naming context is a reference and never null. */
const NC_REFERENT = 0xaef1_aef1;

export interface GetNCChangesRequest {
  level: 8 | 10;
  handle: Uint8Array;
  /** As in the last reply; absent on the first call. */
  invocationId?: Guid | undefined;
  /** The naming context, or the object for an extended operation. */
  object: { guid?: Guid; name?: string };
  from?: UsnVector | undefined;
  upToDateVector?: readonly Cursor[] | undefined;
  flags: number;
  maxObjects: number;
  maxBytes: number;
  extendedOperation?: number;
  /** Sorted here, as the specification requires. */
  attributes: readonly AttributeType[];
  prefixes?: ReadonlyMap<number, Uint8Array> | undefined;
}

/** IDL_DRSGetNCChanges with DRS_MSG_GETCHGREQ_V8 or V10 ([MS-DRSR] 4.1.10.2.6, 4.1.10.2.7). */
export function encodeGetNCChanges(request: GetNCChangesRequest): Uint8Array {
  const { upToDateVector: vector, prefixes, from = ZERO_USN_VECTOR } = request;
  const referents = new Referents();
  const w = new Writer(512).raw(request.handle).u32le(request.level).u32le(request.level).align(8);
  w.zeros(16)
    .raw(encodeGuid(request.invocationId ?? NULL_GUID))
    .u32le(NC_REFERENT)
    .align(8);
  w.u64le(from.highObjUpdate).u64le(from.reserved).u64le(from.highPropUpdate);
  referents.write(w, vector !== undefined);
  w.u32le(request.flags).u32le(request.maxObjects).u32le(request.maxBytes);
  w.u32le(request.extendedOperation ?? 0)
    .align(8)
    .u64le(0n);
  referents.write(w, true);
  referents.write(w, false); // pPartialAttrSetEx
  w.u32le(prefixes === undefined ? 0 : prefixes.size + 1);
  referents.write(w, prefixes !== undefined);
  if (request.level === 10) w.u32le(0); // ulMoreFlags

  encodeDsName(w, request.object);
  if (vector !== undefined) encodeUpToDateVector(w, vector);
  const attributes = [...new Set(request.attributes)].sort((a, b) => a - b);
  w.align(4).u32le(attributes.length).u32le(1).u32le(0).u32le(attributes.length);
  for (const attribute of attributes) w.u32le(attribute);
  if (prefixes !== undefined) encodePrefixEntries(w, prefixes);
  return w.toBytes();
}
