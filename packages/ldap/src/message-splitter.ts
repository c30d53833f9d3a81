import { DecodeError } from '@causeway/wire';
import { LongEntry, MAX_LONG_ENTRY_LENGTH } from './long-entry.ts';

/** Longest LDAP message that is accepted from a server. One object is one message; Active Directory's stay below 10 MB. */
export const MAX_MESSAGE_LENGTH = 16 * 1024 * 1024;
/** LDAPMessage, operation, attribute list, attribute, set, value: no answer in RFC 4511 nests deeper. */
const MAX_DEPTH = 12;

const SEQUENCE = 0x30;
const CONSTRUCTED = 0x20;
const ENUMERATED = 0x0a;
const OCTET_STRING = 0x04;
/** Answers that carry an LDAPResult (RFC 4511 4.1.9): bind, search done, modify, add, delete, modify DN, compare, extended. */
const RESULT_OPERATIONS = new Set([0x61, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x78]);

interface Tlv {
  tag: number;
  start: number;
  end: number;
}

/**
 * Splits a byte stream into LDAP messages, and checks that each is well-formed BER down to the last byte (RFC 4511 5.1).
 *
 * INVARIANT: the messages have only definite lengths that add up, and every result has its code. The message decoder behind it reads an
 * absent field as an empty one and a result without a code as success; it never sees either.
 */
export class MessageSplitter {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 2;
  #long: LongEntry | undefined;

  /**
   * @param cutsLongEntries if true, a search entry above the limit comes without the values of its long attributes (`CUT_OPTION`);
   * otherwise it is rejected
   * @throws DecodeError if the stream is no LDAP; nothing may be read from it afterwards.
   */
  push(chunk: Buffer, cutsLongEntries = false): Buffer[] {
    const messages: Buffer[] = [];
    this.#chunks.push(this.#long ? this.#readLong(this.#long, chunk, messages) : chunk);
    this.#length += this.#chunks.at(-1)!.length;
    if (this.#long || this.#length < this.#needed) return messages;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length);
    let rest = bytes;
    for (;;) {
      const { header, length } = messageLength(rest, cutsLongEntries ? MAX_LONG_ENTRY_LENGTH : undefined);
      this.#needed = header + length;
      if (length > MAX_MESSAGE_LENGTH) {
        this.#needed = 2;
        this.#long = new LongEntry(length);
        rest = this.#readLong(this.#long, rest.subarray(header), messages);
        if (this.#long) break;
      } else {
        if (rest.length < this.#needed) break;
        const message = rest.subarray(0, this.#needed);
        checkMessage(message);
        messages.push(message);
        rest = rest.subarray(this.#needed);
      }
    }
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return messages;
  }

  /** True if the stream ended inside a message. */
  get cutOff(): boolean {
    return this.#length > 0 || this.#long !== undefined;
  }

  /** Gives a long entry the bytes that have arrived, and returns those after it. */
  #readLong(long: LongEntry, chunk: Buffer, messages: Buffer[]): Buffer {
    const rest = long.push(chunk);
    if (long.message) {
      this.#long = undefined;
      checkMessage(long.message);
      messages.push(long.message);
    }
    return rest;
  }
}

/** Lengths of the header, and of the rest of the message at the start of these bytes. The rest is 0 until the header is complete. */
function messageLength(bytes: Buffer, limit = MAX_MESSAGE_LENGTH): { header: number; length: number } {
  if (bytes.length === 0) return { header: 2, length: 0 };
  if (bytes[0] !== SEQUENCE) {
    throw fail('tag', `0x30 expected, 0x${bytes[0]!.toString(16)} came`, 'unexpected');
  }
  if (bytes.length < 2) return { header: 2, length: 0 };
  const first = bytes[1]!;
  if (first < 0x80) return { header: 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4)
    throw fail('length', `1 to 4 length bytes expected, ${count} came`, 'unexpected');
  const header = 2 + count;
  if (bytes.length < header) return { header, length: 0 };
  const length = bytes.readUIntBE(2, count);
  if (length > limit) throw fail('length', `${length} is above the limit of ${limit}`, 'limit');
  return { header, length };
}

function checkMessage(bytes: Buffer): void {
  const [envelope] = children(bytes, 0, bytes.length, 0);
  const [id, operation, controls, extra] = children(bytes, envelope!.start, envelope!.end, 1);
  if (id?.tag !== 0x02 || id.end === id.start) throw fail('messageID', 'an INTEGER expected', 'unexpected');
  if (operation === undefined) throw fail('protocolOp', 'missing', 'truncated');
  if ((controls && controls.tag !== 0xa0) || extra) throw fail('controls', 'not expected here', 'trailing');
  if (RESULT_OPERATIONS.has(operation.tag)) {
    const [code, matchedDn, diagnostic] = children(bytes, operation.start, operation.end, 2);
    if (code?.tag !== ENUMERATED || code.end === code.start || code.end - code.start > 4) {
      throw fail('resultCode', 'an ENUMERATED expected', 'unexpected');
    }
    if (matchedDn?.tag !== OCTET_STRING) throw fail('matchedDN', 'an OCTET STRING expected', 'unexpected');
    if (diagnostic?.tag !== OCTET_STRING)
      throw fail('diagnosticMessage', 'an OCTET STRING expected', 'unexpected');
  }
}

/** The elements between two offsets. Checks every constructed one to its end. */
function children(bytes: Buffer, from: number, to: number, depth: number): Tlv[] {
  if (depth > MAX_DEPTH) throw fail('nesting', `deeper than ${MAX_DEPTH}`, 'limit');
  const found: Tlv[] = [];
  for (let at = from; at < to; ) {
    const tag = bytes[at]!;
    if ((tag & 0x1f) === 0x1f) throw fail('tag', 'a tag of one byte expected', 'unexpected');
    if (at + 2 > to) throw fail('length', 'missing', 'truncated');
    let length = bytes[at + 1]!;
    let start = at + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4)
        throw fail('length', `1 to 4 length bytes expected, ${count} came`, 'unexpected');
      if (start + count > to) throw fail('length', 'cut off', 'truncated');
      length = bytes.readUIntBE(start, count);
      start += count;
    }
    if (length > to - start)
      throw fail('length', `${length} bytes expected, ${to - start} left`, 'truncated');
    const end = start + length;
    if ((tag & CONSTRUCTED) !== 0) children(bytes, start, end, depth + 1);
    found.push({ tag, start, end });
    at = end;
  }
  return found;
}

function fail(field: string, detail: string, reason: DecodeError['reason']): DecodeError {
  return new DecodeError(`LDAPMessage.${field}`, reason, detail);
}
