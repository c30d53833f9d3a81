import { LdapError } from './ldap-error.ts';

const MAX_FILTER_LENGTH = 65_536;
const MAX_FILTER_DEPTH = 32;

/** A search filter (RFC 4511 4.5.1.7), read from its text form. */
export type FilterNode =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly part: FilterNode }
  | { readonly kind: 'present'; readonly attribute: string }
  | {
      readonly kind: 'equalityMatch' | 'greaterOrEqual' | 'lessOrEqual' | 'approxMatch';
      readonly attribute: string;
      readonly value: Buffer;
    }
  /** Pieces between asterisks. The first and last one stand at the ends and may be empty. */
  | { readonly kind: 'substrings'; readonly attribute: string; readonly pieces: readonly Buffer[] }
  | {
      readonly kind: 'extensibleMatch';
      readonly attribute: string;
      readonly rule: string | undefined;
      readonly dnAttributes: boolean;
      readonly value: Buffer;
    };

/**
 * Reads a search filter in text form (RFC 4515). An escape is one byte, so that `\e3\51…` finds a GUID. The parser of `ldapts` reads it as
 * a character.
 *
 * @throws LdapError `syntax` if the text is no filter
 */
export const parseFilter = (text: string): FilterNode => new FilterParser(text).parse();

const COMPARISONS = {
  '=': 'equalityMatch',
  '>=': 'greaterOrEqual',
  '<=': 'lessOrEqual',
  '~=': 'approxMatch',
} as const;

class FilterParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): FilterNode {
    if (this.#text.length > MAX_FILTER_LENGTH) throw this.#error('it is too long');
    const node = this.#filter(0);
    if (this.#at !== this.#text.length) throw this.#error('nothing expected after the last parenthesis');
    return node;
  }

  #filter(depth: number): FilterNode {
    if (depth > MAX_FILTER_DEPTH) throw this.#error('it is nested too deeply');
    this.#expect('(');
    const operator = this.#text[this.#at];
    let node: FilterNode;
    if (operator === '&' || operator === '|' || operator === '!') {
      this.#at++;
      const parts: FilterNode[] = [];
      while (this.#text[this.#at] === '(') parts.push(this.#filter(depth + 1));
      const [part] = parts;
      if (operator !== '!') node = { kind: operator === '&' ? 'and' : 'or', parts };
      else if (part && parts.length === 1) node = { kind: 'not', part };
      else throw this.#error(`'!' takes one filter`);
    } else {
      const end = this.#text.indexOf(')', this.#at);
      if (end < 0) throw this.#error('a parenthesis is not closed');
      node = this.#item(this.#text.slice(this.#at, end));
      this.#at = end;
    }
    this.#expect(')');
    return node;
  }

  #item(text: string): FilterNode {
    const match = /^([A-Za-z0-9.;-]*)((?::dn)?)(?::([A-Za-z0-9.-]+))?(:=|>=|<=|~=|=)(.*)$/su.exec(text);
    if (!match) throw this.#error(`'${text}' is no comparison`);
    const [, attribute = '', dn, rule, operator, value = ''] = match;
    if (operator === ':=') {
      const dnAttributes = dn !== '';
      return { kind: 'extensibleMatch', attribute, rule, dnAttributes, value: this.#bytes(value) };
    }
    if (attribute === '' || dn !== '' || rule !== undefined)
      throw this.#error(`'${text}' names no attribute`);
    if (operator === '=' && value === '*') return { kind: 'present', attribute };
    if (operator === '=' && value.includes('*'))
      return { kind: 'substrings', attribute, pieces: value.split('*').map(piece => this.#bytes(piece)) };
    const kind = COMPARISONS[operator as keyof typeof COMPARISONS];
    return { kind, attribute, value: this.#bytes(value) };
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
