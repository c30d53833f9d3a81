import type { Reader, Writer } from '@causeway/wire';
import { decodeConformance, decodePointer, Referents } from '../ndr/ndr.ts';

/** Entries of a prefix table. A forest's schema has about 50 to 200. */
export const MAX_PREFIXES = 10_000;
/** Bytes of one prefix ([MS-DRSR] 5.16.4 has 1 to 10,000; OIDs are short). */
export const MAX_PREFIX_BYTES = 255;
/** Most groups of seven bits that are read of one arc: 2^49. */
const MAX_ARC_BYTES = 7;

/** ATTRTYP ([MS-DRSR] 5.14): prefix index in the upper half, the end of the OID in the lower. */
export type AttributeType = number;

/** Types from here on are msDS-IntId values and have no OID in the table. */
const FIRST_INT_ID = 0x8000_0000;
const SCHEMA_INFO_BYTES = 21;

/** SCHEMA_PREFIX_TABLE ([MS-DRSR] 5.180): maps ATTRTYPs to OIDs and back, for one message. */
export class PrefixTable {
  readonly #prefixes: ReadonlyMap<number, Uint8Array>;
  readonly #oids = new Map<AttributeType, string | undefined>();

  constructor(prefixes: ReadonlyMap<number, Uint8Array>) {
    this.#prefixes = prefixes;
  }

  /** The dotted OID; undefined for an msDS-IntId or an index that is not in the table ([MS-DRSR] 5.16.4). */
  oidOf(type: AttributeType): string | undefined {
    if (!this.#oids.has(type)) this.#oids.set(type, this.#lookUp(type));
    return this.#oids.get(type);
  }

  #lookUp(type: AttributeType): string | undefined {
    const prefix = type >= FIRST_INT_ID ? undefined : this.#prefixes.get(type >>> 16);
    if (!prefix) return undefined;
    const low = type & 0xffff;
    // The prefix of an OID whose last arc is 0x4000 or more ends in that arc's upper groups.
    const rest = low < 0x80 ? [low] : [((low & 0x7fff) >> 7) | 0x80, low & 0x7f];
    return decodeOid(Uint8Array.of(...prefix, ...rest));
  }

  /** The ATTRTYP of a dotted OID; undefined if no prefix of the table fits. */
  typeOf(oid: string): AttributeType | undefined {
    const ber = encodeOid(oid);
    const last = Number(oid.slice(oid.lastIndexOf('.') + 1));
    const prefix = ber.subarray(0, ber.length - (last < 0x80 ? 1 : 2));
    const low = (last % 0x4000) + (last >= 0x4000 ? 0x8000 : 0);
    for (const [index, candidate] of this.#prefixes) {
      if (Buffer.compare(candidate, prefix) === 0) return index * 0x1_0000 + low;
    }
    return undefined;
  }
}

/** Content octets of an OBJECT IDENTIFIER as dotted text; undefined if they end within an arc. */
function decodeOid(bytes: Uint8Array): string | undefined {
  const arcs: number[] = [];
  let arc = 0;
  let groups = 0;
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f);
    if (++groups > MAX_ARC_BYTES) return undefined;
    if (byte & 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(arc / 40), 2);
      arcs.push(first, arc - first * 40);
    } else arcs.push(arc);
    arc = 0;
    groups = 0;
  }
  return groups === 0 ? arcs.join('.') : undefined;
}

function encodeOid(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left % 128) | 0x80);
    }
    bytes.push(...groups);
  }
  return Uint8Array.from(bytes);
}

/** The entries, at the place to which their pointer referred. */
export function decodePrefixEntries(r: Reader, count: number): PrefixTable {
  decodeConformance(r, count, 'PrefixTableSrc.max_count');
  const fixed: { index: number; length: number; present: boolean }[] = [];
  for (let i = 0; i < count; i++) {
    const index = r.u32le('PrefixTableSrc.ndx');
    const length = r.limited(r.u32le('PrefixTableSrc.length'), MAX_PREFIX_BYTES, 'PrefixTableSrc.length');
    fixed.push({ index, length, present: decodePointer(r, 'PrefixTableSrc.elements') });
  }
  const prefixes = new Map<number, Uint8Array>();
  for (const { index, length, present } of fixed) {
    if (!present) continue;
    decodeConformance(r, length, 'PrefixTableSrc.elements');
    const bytes = r.slice(length, 'PrefixTableSrc.elements');
    // schemaInfo is in the table under index 0, which is also 2.5.4's.
    if (length === SCHEMA_INFO_BYTES && bytes[0] === 0xff) continue;
    prefixes.set(index, bytes.slice());
  }
  return new PrefixTable(prefixes);
}

/** The entries, followed by a schemaInfo of zeros, which Samba requires ([MS-DRSR] 5.16.4). */
export function encodePrefixEntries(w: Writer, prefixes: ReadonlyMap<number, Uint8Array>): void {
  const schemaInfo = new Uint8Array(SCHEMA_INFO_BYTES);
  schemaInfo[0] = 0xff;
  const entries: [number, Uint8Array][] = [...prefixes, [0, schemaInfo]];
  const referents = new Referents();
  w.align(4).u32le(entries.length);
  for (const [index, bytes] of entries) {
    w.u32le(index).u32le(bytes.length);
    referents.write(w, true);
  }
  for (const [, bytes] of entries) w.align(4).u32le(bytes.length).raw(bytes);
}
