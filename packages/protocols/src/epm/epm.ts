import { decodeGuid, encodeGuid, Reader, Writer } from '@causeway/wire';
import { NDR20, type SyntaxId } from '../dcerpc/syntax.ts';
import { decodeConformance, decodePointer } from '../ndr/ndr.ts';

/** The endpoint mapper ([C706] appendix O), always at port 135. */
export const EPM_INTERFACE: SyntaxId = { uuid: 'e1af8308-5d1f-11c9-91a4-08002b14a0fa', major: 3, minor: 0 };
export const EPM_PORT = 135;
export const EPT_MAP_OPNUM = 3;

/** Towers that we request, and the most that a reply may hold. */
export const MAX_TOWERS = 4;
/** Bytes of one tower; five floors are 75. */
export const MAX_TOWER_BYTES = 2048;
export const MAX_FLOORS = 16;

const EPT_NOT_REGISTERED = 0x16c9_a0d6;
const Protocol = { connectionOriented: 0x0b, tcp: 0x07, ip: 0x09, uuid: 0x0d } as const;

/** ept_map's stub: asks for the TCP port of this interface. */
export function encodeEptMap(target: SyntaxId): Uint8Array {
  const tower = encodeTower(target);
  const w = new Writer();
  w.u32le(0).u32le(0x0002_0000).u32le(tower.length).u32le(tower.length).raw(tower);
  w.align(4).zeros(20).u32le(MAX_TOWERS);
  return w.toBytes();
}

function encodeTower(target: SyntaxId): Uint8Array {
  const w = new Writer(75).u16le(5);
  for (const syntax of [target, NDR20]) {
    w.u16le(19).u8(Protocol.uuid).raw(encodeGuid(syntax.uuid)).u16le(syntax.major);
    w.u16le(2).u16le(syntax.minor);
  }
  w.u16le(1).u8(Protocol.connectionOriented).u16le(2).u16le(0);
  w.u16le(1).u8(Protocol.tcp).u16le(2).u16be(EPM_PORT);
  w.u16le(1).u8(Protocol.ip).u16le(4).u32be(0);
  return w.toBytes();
}

/**
 * The TCP port in an ept_map reply, or undefined if the interface is not registered. Ignores the address beside it, which can be 0.0.0.0 or
 * one that only the server knows.
 */
export function decodeEptMapReply(stub: Uint8Array, target: SyntaxId): number | undefined {
  const r = new Reader(stub, 'ept_map');
  r.skip(20, 'entry_handle');
  const count = r.limited(r.u32le('num_towers'), MAX_TOWERS, 'num_towers');
  r.limited(r.u32le('towers.max_count'), MAX_TOWERS, 'towers.max_count');
  r.skip(4, 'towers.offset');
  decodeConformance(r, count, 'towers.actual_count');
  let present = 0;
  for (let i = 0; i < count; i++) if (decodePointer(r, 'towers.pointer')) present++;
  let port: number | undefined;
  for (let i = 0; i < present; i++) {
    r.align(4);
    const length = r.limited(r.u32le('tower.max_count'), MAX_TOWER_BYTES, 'tower.max_count');
    decodeConformance(r, length, 'tower.tower_length');
    port ??= decodeTower(r.slice(length, 'tower.octets'), target);
  }
  r.align(4);
  const status = r.u32le('status');
  r.end();
  if (status !== 0 && status !== EPT_NOT_REGISTERED) {
    throw r.error('status', `0 expected, 0x${status.toString(16)} came`);
  }
  return port;
}

/** The port of a tower for the interface over TCP ([C706] appendix L), or undefined. */
function decodeTower(octets: Uint8Array, target: SyntaxId): number | undefined {
  const r = new Reader(octets, 'tower');
  const floors = r.limited(r.u16le('floor_count'), MAX_FLOORS, 'floor_count');
  let port: number | undefined;
  let found = false;
  for (let i = 0; i < floors; i++) {
    const left = new Reader(r.slice(r.u16le('lhs_length'), 'lhs'), 'tower.lhs');
    const right = new Reader(r.slice(r.u16le('rhs_length'), 'rhs'), 'tower.rhs');
    const protocol = left.u8('protocol');
    if (i === 0 && protocol === Protocol.uuid) found = decodeGuid(left.slice(16, 'uuid')) === target.uuid;
    if (protocol === Protocol.tcp) port = right.u16be('port');
  }
  return found && port !== 0 ? port : undefined;
}
