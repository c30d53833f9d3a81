import { decodeUtf16le, encodeUtf16le, type Reader, type Writer } from '@causeway/wire';

/**
 * NDR20 transfer syntax ([C706] 14, [MS-RPCE] 2.2.5): what this package's stubs need of it, as verbs over the shared reader and writer.
 * Alignment counts from the start of the stub, so reader and writer must begin there. Pointees come after the construct that holds their
 * pointers, depth first. The decoders do this by hand, with loops.
 */

/** Characters of one string in a stub, with its NUL. The longest real one is a distinguished name. */
export const MAX_STRING_CHARACTERS = 65_536;

/** A pointer's referent id ([C706] 14.3.10): true when a pointee follows later. */
export function decodePointer(r: Reader, field: string): boolean {
  r.align(4);
  return r.u32le(field) !== 0;
}

/** The count before a conformant array. Must match the struct's own count of the same elements. */
export function decodeConformance(r: Reader, expected: number, field: string): void {
  r.align(4);
  const count = r.u32le(field);
  if (count !== expected) throw r.error(field, `the array holds ${count}, its struct says ${expected}`);
}

/** `[string] wchar_t *`: maximum, offset, actual count, then characters with a NUL ([C706] 14.3.4). */
export function decodeWideString(r: Reader, field: string): string {
  r.align(4);
  const max = r.limited(r.u32le(field), MAX_STRING_CHARACTERS, field);
  const offset = r.u32le(field);
  const count = r.u32le(field);
  if (offset !== 0 || count === 0 || count > max) {
    throw r.error(field, `a string of 1 to ${max} characters from 0 expected, ${count} from ${offset} came`);
  }
  const text = r.slice(count * 2, field);
  if (text[count * 2 - 2] !== 0 || text[count * 2 - 1] !== 0) throw r.error(field, 'no NUL at its end');
  return decodeUtf16le(text.subarray(0, count * 2 - 2));
}

export function encodeWideString(w: Writer, text: string): void {
  const count = text.length + 1;
  w.align(4).u32le(count).u32le(0).u32le(count).raw(encodeUtf16le(text)).u16le(0);
}

/** Referent ids: distinct and not zero, as [C706] requires. Use one object per stub. */
export class Referents {
  #next = 0x0002_0000;

  /** Writes the id of a pointer whose pointee follows later, or 0 if there is none. */
  write(w: Writer, present: boolean): void {
    w.align(4).u32le(present ? this.#next : 0);
    if (present) this.#next += 4;
  }
}
