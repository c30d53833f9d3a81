import { type BerWriter, Filter } from 'ldapts';
import { type FilterNode, parseFilter } from './filter-syntax.ts';

const OCTET_STRING = 0x04;

/** Tags of the Filter CHOICE (RFC 4511 4.5.1.7). */
const Tag = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equalityMatch: 0xa3,
  substrings: 0xa4,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  present: 0x87,
  approxMatch: 0xa8,
  extensibleMatch: 0xa9,
} as const;

/**
 * A search filter in text form (RFC 4515), written as BER.
 *
 * @throws LdapError `syntax` from the constructor if the text is no filter.
 */
export class TextFilter extends Filter {
  // The base class requires one tag. `write` is overridden, so the tag is never used.
  override readonly type = Tag.and;
  readonly #text: string;
  readonly #node: FilterNode;

  constructor(text: string) {
    super();
    this.#text = text;
    this.#node = parseFilter(text);
  }

  override toString(): string {
    return this.#text;
  }

  override write(writer: BerWriter): void {
    write(writer, this.#node);
  }
}

function write(writer: BerWriter, node: FilterNode): void {
  if (node.kind === 'present') {
    writer.writeString(node.attribute, Tag.present);
    return;
  }
  writer.startSequence(Tag[node.kind]);
  switch (node.kind) {
    case 'and':
    case 'or':
      for (const part of node.parts) write(writer, part);
      break;
    case 'not':
      write(writer, node.part);
      break;
    case 'substrings':
      writer.writeString(node.attribute);
      writer.startSequence(0x30);
      node.pieces.forEach((piece, i) => {
        const tag = i === 0 ? 0x80 : i === node.pieces.length - 1 ? 0x82 : 0x81; // initial, final, any
        if (piece.length > 0) writer.writeBuffer(piece, tag);
      });
      writer.endSequence();
      break;
    case 'extensibleMatch':
      if (node.rule !== undefined) writer.writeString(node.rule, 0x81);
      if (node.attribute !== '') writer.writeString(node.attribute, 0x82);
      writer.writeBuffer(node.value, 0x83);
      if (node.dnAttributes) writer.writeBoolean(true, 0x84);
      break;
    default:
      writer.writeString(node.attribute);
      writer.writeBuffer(node.value, OCTET_STRING);
  }
  writer.endSequence();
}
