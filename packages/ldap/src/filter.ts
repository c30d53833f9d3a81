import { type BerWriter, Filter } from 'ldapts';
import { LdapError } from './ldap-error.ts';

const MAX_FILTER_LENGTH = 65_536;
const MAX_FILTER_DEPTH = 32;
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
 * A search filter in text form (RFC 4515), written as BER. An escape is one byte here, so that `\e3\51…` finds a GUID;
 * the parser of `ldapts` reads it as a character.
 *
 * @throws LdapError `syntax` from the constructor when the text is no filter.
 */
export class TextFilter extends Filter {
  // The base class wants one tag; `write` is overridden, so it is never used.
  override readonly type = Tag.and;
  readonly #text: string;
  readonly #write: (writer: BerWriter) => void;

  constructor(text: string) {
    super();
    this.#text = text;
    this.#write = new FilterParser(text).parse();
  }

  override toString(): string {
    return this.#text;
  }

  override write(writer: BerWriter): void {
    this.#write(writer);
  }
}

type Write = (writer: BerWriter) => void;

class FilterParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Write {
    if (this.#text.length > MAX_FILTER_LENGTH) throw this.#error('it is too long');
    const write = this.#filter(0);
    if (this.#at !== this.#text.length) throw this.#error('nothing expected after the last parenthesis');
    return write;
  }

  #filter(depth: number): Write {
    if (depth > MAX_FILTER_DEPTH) throw this.#error('it is nested too deeply');
    this.#expect('(');
    const operator = this.#text[this.#at];
    let write: Write;
    if (operator === '&' || operator === '|' || operator === '!') {
      this.#at++;
      const parts: Write[] = [];
      while (this.#text[this.#at] === '(') parts.push(this.#filter(depth + 1));
      if (operator === '!' && parts.length !== 1) throw this.#error(`'!' takes one filter`);
      write = sequence(operator === '&' ? Tag.and : operator === '|' ? Tag.or : Tag.not, parts);
    } else {
      const end = this.#text.indexOf(')', this.#at);
      if (end < 0) throw this.#error('a parenthesis is not closed');
      write = this.#item(this.#text.slice(this.#at, end));
      this.#at = end;
    }
    this.#expect(')');
    return write;
  }

  #item(text: string): Write {
    const match = /^([A-Za-z0-9.;-]*)((?::dn)?)(?::([A-Za-z0-9.-]+))?(:=|>=|<=|~=|=)(.*)$/su.exec(text);
    if (!match) throw this.#error(`'${text}' is no comparison`);
    const [, attribute = '', dn, rule, operator, value = ''] = match;
    if (operator === ':=') return this.#extensible(attribute, rule, dn !== '', value);
    if (attribute === '' || dn !== '' || rule !== undefined)
      throw this.#error(`'${text}' names no attribute`);
    if (operator === '=' && value === '*') return writer => writer.writeString(attribute, Tag.present);
    if (operator === '=' && value.includes('*')) return this.#substrings(attribute, value);
    const tag = {
      '=': Tag.equalityMatch,
      '>=': Tag.greaterOrEqual,
      '<=': Tag.lessOrEqual,
      '~=': Tag.approxMatch,
    };
    const bytes = this.#bytes(value);
    return sequence(tag[operator as keyof typeof tag], [
      writer => writer.writeString(attribute),
      writer => writer.writeBuffer(bytes, OCTET_STRING),
    ]);
  }

  #substrings(attribute: string, value: string): Write {
    const pieces = value.split('*').map(piece => this.#bytes(piece));
    const parts: Write[] = pieces.flatMap((piece, i) => {
      const tag = i === 0 ? 0x80 : i === pieces.length - 1 ? 0x82 : 0x81; // initial, final, any
      return piece.length === 0 ? [] : [(writer: BerWriter) => writer.writeBuffer(piece, tag)];
    });
    return sequence(Tag.substrings, [writer => writer.writeString(attribute), sequence(0x30, parts)]);
  }

  #extensible(attribute: string, rule: string | undefined, dnAttributes: boolean, value: string): Write {
    const bytes = this.#bytes(value);
    const parts: Write[] = [];
    if (rule !== undefined) parts.push(writer => writer.writeString(rule, 0x81));
    if (attribute !== '') parts.push(writer => writer.writeString(attribute, 0x82));
    parts.push(writer => writer.writeBuffer(bytes, 0x83));
    if (dnAttributes) parts.push(writer => writer.writeBoolean(true, 0x84));
    return sequence(Tag.extensibleMatch, parts);
  }

  #bytes(value: string): Buffer {
    const tokens = value.match(/\\[0-9a-fA-F]{2}|[^\\]+|\\/gsu) ?? [];
    return Buffer.concat(
      tokens.map(token => {
        if (token === '\\') throw this.#error('a backslash is followed by two hex digits');
        if (token.startsWith('\\')) return Buffer.from(token.slice(1), 'hex');
        if (token.includes('(') || token.includes('\0'))
          throw this.#error(`'(' and NUL in a value are escaped`);
        return Buffer.from(token);
      }),
    );
  }

  #expect(char: string): void {
    if (this.#text[this.#at] !== char) throw this.#error(`'${char}' expected at character ${this.#at + 1}`);
    this.#at++;
  }

  #error(detail: string): LdapError {
    return new LdapError('syntax', `'${this.#text.slice(0, 200)}' is no search filter: ${detail}`);
  }
}

function sequence(tag: number, parts: Write[]): Write {
  return writer => {
    writer.startSequence(tag);
    for (const part of parts) part(writer);
    writer.endSequence();
  };
}
