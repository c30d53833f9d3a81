import { DecodeError } from '@causeway/wire';
import { tlv } from './tlv.ts';

/** Longest message that is skipped through: a million values of a link. */
export const MAX_LONG_ENTRY_LENGTH = 1024 * 1024 * 1024;
/** Longest attribute of a long entry that is kept, including its values. */
const MAX_KEPT_ATTRIBUTE = 1024 * 1024;
/** Most bytes that are kept of a long entry. */
const MAX_KEPT = 8 * 1024 * 1024;
const MAX_NAME = 64 * 1024;

/** An attribute option that no server sends. It marks an attribute with too many values. */
export const CUT_OPTION = ';x-cut';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SET = 0x31;
const SEARCH_RESULT_ENTRY = 0x64;

/** How many bytes to keep, or to skip. */
type Wish = { take: number } | { skip: number };

/**
 * Reads a SearchResultEntry (RFC 4511 4.5.2) that is too long for memory as it arrives, and makes a short one of it. Attributes that are
 * too large come without values, and their names get an option that marks them.
 */
export class LongEntry {
  readonly #steps: Generator<Wish, Buffer, Buffer>;
  #wish: Wish;
  #held: Buffer[] = [];
  #length = 0;
  /** The short entry, once all has arrived. */
  message: Buffer | undefined;

  /**
   * @param length bytes after the message's header, which was read already
   * @param keep longest attribute that is kept, including its values
   */
  constructor(length: number, keep: number = MAX_KEPT_ATTRIBUTE) {
    this.#steps = readEntry(length, keep);
    this.#wish = this.#steps.next().value as Wish;
  }

  /** Takes bytes that have arrived. @returns those left for the next message @throws DecodeError */
  push(chunk: Buffer): Buffer {
    let rest = chunk;
    while (this.message === undefined) {
      const wish = this.#wish;
      const wanted = 'skip' in wish ? wish.skip : wish.take;
      const piece = rest.subarray(0, wanted - this.#length);
      rest = rest.subarray(piece.length);
      this.#length += piece.length;
      if ('take' in wish && piece.length > 0) this.#held.push(piece);
      if (this.#length < wanted) break;
      const step = this.#steps.next('take' in wish ? Buffer.concat(this.#held) : Buffer.alloc(0));
      this.#held = [];
      this.#length = 0;
      if (step.done) this.message = step.value;
      else this.#wish = step.value;
    }
    return rest;
  }
}

interface Header {
  tag: number;
  /** Bytes of the header itself. */
  size: number;
  length: number;
}

function* readEntry(total: number, keep: number): Generator<Wish, Buffer, Buffer> {
  let left = total;
  const id = yield* whole(left, INTEGER, 'messageID', 8);
  left -= id.length;
  const operation = yield* header(left, 'protocolOp');
  if (operation.tag !== SEARCH_RESULT_ENTRY) {
    const detail = `${total} bytes are above the limit, and it is no entry of a search`;
    throw new DecodeError('LDAPMessage.length', 'limit', detail);
  }
  left -= operation.size + operation.length;
  let inside = operation.length;
  const name = yield* whole(inside, OCTET_STRING, 'objectName', MAX_NAME);
  inside -= name.length;
  const list = yield* header(inside, 'attributes');
  if (list.tag !== SEQUENCE || list.size + list.length !== inside)
    throw new DecodeError('LDAPMessage.attributes', 'unexpected', 'the list of attributes expected');
  const attributes = yield* readAttributes(list.length, keep);
  if (left > MAX_NAME) throw new DecodeError('LDAPMessage.controls', 'limit', `${left} bytes came`);
  const controls = left > 0 ? [yield { take: left }] : [];
  const entry = tlv(SEARCH_RESULT_ENTRY, name, tlv(SEQUENCE, Buffer.concat(attributes)));
  return tlv(SEQUENCE, id, entry, ...controls);
}

function* readAttributes(total: number, keep: number): Generator<Wish, Buffer[], Buffer> {
  const kept: Buffer[] = [];
  let keptLength = 0;
  for (let left = total; left > 0; ) {
    const { tag, size, length } = yield* header(left, 'attribute');
    if (tag !== SEQUENCE) throw new DecodeError('LDAPMessage.attribute', 'unexpected', 'a SEQUENCE expected');
    left -= size + length;
    let attribute: Buffer;
    if (length <= keep) attribute = tlv(SEQUENCE, length === 0 ? Buffer.alloc(0) : yield { take: length });
    else {
      const type = yield* whole(length, OCTET_STRING, 'attribute.type', MAX_NAME);
      yield { skip: length - type.length };
      const text = type.subarray(headerSize(type));
      attribute = tlv(SEQUENCE, tlv(OCTET_STRING, text, Buffer.from(CUT_OPTION)), tlv(SET));
    }
    keptLength += attribute.length;
    if (keptLength > MAX_KEPT)
      throw new DecodeError(
        'LDAPMessage.attributes',
        'limit',
        `more than ${MAX_KEPT} bytes of short attributes`,
      );
    kept.push(attribute);
  }
  return kept;
}

/** Tag and length of the next element, which has to fit into what is left. */
function* header(left: number, field: string): Generator<Wish, Header & { bytes: Buffer }, Buffer> {
  if (left < 2) throw new DecodeError(`LDAPMessage.${field}`, 'truncated', `${left} bytes left`);
  let bytes: Buffer = yield { take: 2 };
  let length = bytes[1]!;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || count > left - 2) {
      const detail = `1 to 4 length bytes expected, ${count} came`;
      throw new DecodeError(`LDAPMessage.${field}`, 'unexpected', detail);
    }
    const more: Buffer = yield { take: count };
    bytes = Buffer.concat([bytes, more]);
    length = more.readUIntBE(0, count);
  }
  if (length > left - bytes.length) {
    const detail = `${length} bytes expected, ${left - bytes.length} left`;
    throw new DecodeError(`LDAPMessage.${field}`, 'truncated', detail);
  }
  return { tag: bytes[0]!, size: bytes.length, length, bytes };
}

/** An element that is kept, including its header. */
function* whole(left: number, tag: number, field: string, limit: number): Generator<Wish, Buffer, Buffer> {
  const head = yield* header(left, field);
  if (head.tag !== tag || head.length > limit) {
    const detail = `tag ${tag} with at most ${limit} bytes expected, tag ${head.tag} with ${head.length} came`;
    throw new DecodeError(`LDAPMessage.${field}`, 'unexpected', detail);
  }
  const value = head.length === 0 ? Buffer.alloc(0) : yield { take: head.length };
  return Buffer.concat([head.bytes, value]);
}

/** Bytes of an element's header. */
function headerSize(element: Buffer): number {
  const first = element[1]!;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}
