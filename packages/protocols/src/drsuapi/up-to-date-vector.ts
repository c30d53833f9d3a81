import { decodeGuid, encodeGuid, type Guid, type Reader, type Writer } from '@causeway/wire';
import { decodeConformance } from '../ndr/ndr.ts';

/** Cursors of an up-to-dateness vector: one for each DC database that was ever in the forest. */
export const MAX_CURSORS = 65_536;

/** What a replica already has of another's originating writes. */
export interface Cursor {
  invocationId: Guid;
  usn: bigint;
}

/** UPTODATE_VECTOR_V1_EXT ([MS-DRSR] 5.200), for requests. */
export function encodeUpToDateVector(w: Writer, cursors: readonly Cursor[]): void {
  w.align(4).u32le(cursors.length).align(8);
  w.u32le(1).u32le(0).u32le(cursors.length).u32le(0);
  for (const cursor of cursors) w.raw(encodeGuid(cursor.invocationId)).u64le(cursor.usn);
}

/** Version 1, or version 2 with the time of the last sync, which is skipped ([MS-DRSR] 5.200, 5.201). */
export function decodeUpToDateVector(r: Reader): Cursor[] {
  r.align(4);
  const max = r.limited(r.u32le('UTDV.max_count'), MAX_CURSORS, 'UTDV.max_count');
  r.align(8);
  const version = r.u32le('UTDV.dwVersion');
  if (version !== 1 && version !== 2) throw r.error('UTDV.dwVersion', `1 or 2 expected, ${version} came`);
  r.skip(4, 'UTDV.dwReserved1');
  decodeConformance(r, max, 'UTDV.cNumCursors');
  r.skip(4, 'UTDV.dwReserved2');
  const cursors: Cursor[] = [];
  for (let i = 0; i < max; i++) {
    cursors.push({
      invocationId: decodeGuid(r.slice(16, 'UTDV.uuidDsa')),
      usn: r.u64le('UTDV.usnHighPropUpdate'),
    });
    if (version === 2) r.skip(8, 'UTDV.timeLastSyncSuccess');
  }
  return cursors;
}
