import { decodeGuid, type Guid, MAX_DSTIME, Reader } from '@causeway/wire';
import { decodeConformance, decodePointer } from '../ndr/ndr.ts';
import { type DsName, decodeDsName, skipDsName } from './dsname.ts';
import type { AttributeType } from './prefix-table.ts';

/** Objects of one reply ([MS-DRSR] 4.1.10.2.9 has 1,048,576; we ask for 1,000). */
export const MAX_OBJECTS = 20_000;
/** Attributes of one object. */
export const MAX_ATTRIBUTES = 10_000;
/** Values of one attribute. Links come separately and do not count. */
export const MAX_VALUES = 100_000;
/** Bytes of one value ([MS-DRSR] 5.16.2 has 26,214,400). */
export const MAX_VALUE_BYTES = 26_214_400;
/** Linked values of one reply. */
export const MAX_LINKED_VALUES = 1_048_576;

const META_DATA_BYTES = 40;

/** PROPERTY_META_DATA_EXT ([MS-DRSR] 5.165): the last write of one attribute. */
export interface PropertyMetaData {
  version: number;
  /** Seconds since 1601-01-01 UTC, up to `MAX_DSTIME`. */
  timeChanged: number;
  originatingInvocationId: Guid;
  originatingUsn: bigint;
}

/** ATTR ([MS-DRSR] 5.9) with its metadata. Without values, the attribute was cleared. */
export interface ReplicatedAttribute {
  type: AttributeType;
  /** Views of the reply. */
  values: Uint8Array[];
  /** Also a view, for `decodePropertyMetaData`: most are not needed. */
  metaData: Uint8Array | undefined;
}

/** REPLENTINFLIST ([MS-DRSR] 5.167), one of the list. */
export interface ReplicatedObject {
  name: DsName;
  attributes: ReplicatedAttribute[];
}

interface FixedPart {
  hasName: boolean;
  attributeCount: number;
  hasAttributes: boolean;
  hasParent: boolean;
  hasMetaData: boolean;
}

/**
 * The objects of a reply. Each begins with the pointer to the next entry, so all fixed parts come first. Then come the pointees, the last
 * object's before those of the one before it.
 */
export function decodeObjects(r: Reader, count: number, padsEmpty: boolean): ReplicatedObject[] {
  const fixed: FixedPart[] = [];
  let more = true;
  while (more) {
    r.limited(fixed.length + 1, count, 'pObjects.pNextEntInf');
    more = decodePointer(r, 'pObjects.pNextEntInf');
    const hasName = decodePointer(r, 'pObjects.pName');
    r.skip(4, 'pObjects.ulFlags');
    const attributeCount = r.limited(r.u32le('pObjects.attrCount'), MAX_ATTRIBUTES, 'pObjects.attrCount');
    const hasAttributes = decodePointer(r, 'pObjects.pAttr');
    r.skip(4, 'pObjects.fIsNCPrefix');
    const hasParent = decodePointer(r, 'pObjects.pParentGuid');
    const hasMetaData = decodePointer(r, 'pObjects.pMetaDataExt');
    fixed.push({ hasName, attributeCount, hasAttributes, hasParent, hasMetaData });
  }
  if (fixed.length !== count) throw r.error('cNumObjects', `${count} announced, ${fixed.length} came`);
  const objects = new Array<ReplicatedObject>(count);
  for (let i = count - 1; i >= 0; i--) objects[i] = decodePointees(r, fixed[i]!, padsEmpty);
  return objects;
}

function decodePointees(r: Reader, fixed: FixedPart, padsEmpty: boolean): ReplicatedObject {
  if (!fixed.hasName) throw r.error('pObjects.pName', 'an object without a name');
  const name = decodeDsName(r, 'pObjects.pName');
  const attributes = fixed.hasAttributes ? decodeAttributes(r, fixed.attributeCount) : [];
  if (fixed.hasParent) {
    r.align(4);
    r.skip(16, 'pObjects.pParentGuid');
  }
  if (fixed.hasMetaData) decodeMetaDataVector(r, attributes, padsEmpty);
  return { name, attributes };
}

function decodeAttributes(r: Reader, count: number): ReplicatedAttribute[] {
  decodeConformance(r, count, 'pAttr.max_count');
  const attributes: ReplicatedAttribute[] = [];
  const valueCounts: number[] = [];
  for (let i = 0; i < count; i++) {
    const type = r.u32le('pAttr.attrTyp');
    const valueCount = r.limited(r.u32le('pAttr.valCount'), MAX_VALUES, 'pAttr.valCount');
    const present = decodePointer(r, 'pAttr.pAVal');
    if (!present && valueCount !== 0)
      throw r.error('pAttr.pAVal', `null, but ${valueCount} values announced`);
    attributes.push({ type, values: [], metaData: undefined });
    valueCounts.push(present ? valueCount : -1);
  }
  for (let i = 0; i < count; i++) {
    if (valueCounts[i]! >= 0) decodeValues(r, valueCounts[i]!, attributes[i]!.values);
  }
  return attributes;
}

function decodeValues(r: Reader, count: number, values: Uint8Array[]): void {
  decodeConformance(r, count, 'pAVal.max_count');
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) {
    const length = r.limited(r.u32le('pAVal.valLen'), MAX_VALUE_BYTES, 'pAVal.valLen');
    const present = decodePointer(r, 'pAVal.pVal');
    if (!present && length !== 0) throw r.error('pAVal.pVal', `null, but ${length} bytes announced`);
    lengths.push(present ? length : -1);
  }
  for (const length of lengths) {
    if (length < 0) continue;
    decodeConformance(r, length, 'pVal.max_count');
    values.push(r.slice(length, 'pVal'));
  }
}

/** PROPERTY_META_DATA_EXT_VECTOR ([MS-DRSR] 5.166): item i belongs to attribute i. */
function decodeMetaDataVector(r: Reader, attributes: ReplicatedAttribute[], padsEmpty: boolean): void {
  r.align(4);
  const max = r.limited(r.u32le('pMetaDataExt.max_count'), MAX_ATTRIBUTES, 'pMetaDataExt.max_count');
  r.align(8);
  decodeConformance(r, max, 'pMetaDataExt.cNumProps');
  if (max !== attributes.length) {
    throw r.error('pMetaDataExt.cNumProps', `${attributes.length} expected, ${max} came`);
  }
  if (padsEmpty) r.align(8);
  for (const attribute of attributes) attribute.metaData = metaDataBytes(r);
}

/** The 40 bytes of a PROPERTY_META_DATA_EXT, which begin at a multiple of 8. */
function metaDataBytes(r: Reader): Uint8Array {
  r.align(8);
  return r.slice(META_DATA_BYTES, 'rgMetaData');
}

export function decodePropertyMetaData(bytes: Uint8Array): PropertyMetaData {
  const r = new Reader(bytes, 'PROPERTY_META_DATA_EXT');
  const version = r.u32le('dwVersion');
  r.align(8);
  const timeChanged = r.u64le('timeChanged');
  if (timeChanged > MAX_DSTIME)
    throw r.error('timeChanged', `${timeChanged} s after 1601 is no time`, 'limit');
  const originatingInvocationId = decodeGuid(r.slice(16, 'uuidDsaOriginating'));
  const originatingUsn = r.u64le('usnOriginating');
  return { version, timeChanged: Number(timeChanged), originatingInvocationId, originatingUsn };
}

/**
 * Skips linked values, REPLVALINF_V1 or (in a V9 reply) V3 ([MS-DRSR] 5.168, 5.169). We request no link, but must find what follows them.
 */
export function skipLinkedValues(r: Reader, count: number, version: 1 | 3, padsEmpty: boolean): void {
  decodeConformance(r, count, 'rgValues.max_count');
  if (padsEmpty) r.align(8);
  const fixed: { hasName: boolean; length: number }[] = [];
  for (let i = 0; i < count; i++) {
    r.align(8);
    const hasName = decodePointer(r, 'rgValues.pObject');
    r.skip(4, 'rgValues.attrTyp');
    const length = r.limited(r.u32le('rgValues.valLen'), MAX_VALUE_BYTES, 'rgValues.valLen');
    const present = decodePointer(r, 'rgValues.pVal');
    if (!present && length !== 0) throw r.error('rgValues.pVal', `null, but ${length} bytes announced`);
    r.skip(4, 'rgValues.fIsPresent');
    r.align(8);
    r.skip(8, 'rgValues.timeCreated');
    metaDataBytes(r);
    if (version === 3) {
      r.skip(12, 'rgValues.unused');
      r.align(8);
      r.skip(8, 'rgValues.timeExpired');
    }
    fixed.push({ hasName, length: present ? length : -1 });
  }
  for (const { hasName, length } of fixed) {
    if (hasName) skipDsName(r, 'rgValues.pObject');
    if (length < 0) continue;
    decodeConformance(r, length, 'rgValues.pVal');
    r.skip(length, 'rgValues.pVal');
  }
}
