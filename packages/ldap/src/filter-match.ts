import { upperCase } from '@causeway/wire';
import { type FilterNode, parseFilter } from './filter-syntax.ts';
import { LdapError } from './ldap-error.ts';

/** An object's values as text, by the LDAP display names of their attributes. */
export type TextValues = Readonly<Record<string, string | readonly string[]>>;

/** A search filter that is evaluated here instead of by a directory. */
export interface CompiledFilter {
  /** The attributes that the filter uses, in its own spelling. */
  readonly attributes: readonly string[];
  matches(values: TextValues): boolean;
}

/** Bitwise matching rules ([MS-ADTS] 3.1.1.3.4.4): all bits of the value, or any of them. */
const BIT_AND = '1.2.840.113556.1.4.803';
const BIT_OR = '1.2.840.113556.1.4.804';

/**
 * Compiles a search filter (RFC 4515) for evaluation over text values. As in Active Directory, attribute names and text compare
 * case-insensitively, and numbers by value. Every comparison with an attribute without a value is false, so its negation is true.
 *
 * @throws LdapError `syntax` if the text is no filter, or needs what cannot be evaluated here: an unknown matching rule, a name of an
 * object (`:dn:`)
 */
export function compileFilter(text: string): CompiledFilter {
  const node = parseFilter(text);
  const attributes = new Map<string, string>();
  const test = compile(node, text, attributes);
  return {
    attributes: [...attributes.values()],
    matches: values => {
      const byName = new Map(
        Object.entries(values).map(([name, value]) => [name.toLowerCase(), [value].flat()]),
      );
      return test(name => byName.get(name) ?? []);
    },
  };
}

type Look = (name: string) => readonly string[];
type Test = (look: Look) => boolean;

function compile(node: FilterNode, filter: string, attributes: Map<string, string>): Test {
  const each = (parts: readonly FilterNode[]) => parts.map(part => compile(part, filter, attributes));
  const refuse = (detail: string) =>
    new LdapError('syntax', `'${filter.slice(0, 200)}' cannot be evaluated: ${detail}`);
  const any = (attribute: string, test: (value: string) => boolean): Test => {
    const name = attribute.toLowerCase();
    if (name.includes(';')) throw refuse(`'${attribute}' has an option`);
    if (!attributes.has(name)) attributes.set(name, attribute);
    return look => look(name).some(test);
  };
  const textOf = (value: Buffer): string => {
    const text = value.toString('utf8');
    if (!Buffer.from(text).equals(value)) throw refuse('a value is no text in UTF-8');
    return text;
  };
  switch (node.kind) {
    case 'and': {
      const parts = each(node.parts);
      return look => parts.every(part => part(look));
    }
    case 'or': {
      const parts = each(node.parts);
      return look => parts.some(part => part(look));
    }
    case 'not': {
      const part = compile(node.part, filter, attributes);
      return look => !part(look);
    }
    case 'present':
      return any(node.attribute, () => true);
    case 'equalityMatch':
    case 'approxMatch': {
      const wanted = upperCase(textOf(node.value));
      return any(node.attribute, value => upperCase(value) === wanted);
    }
    case 'greaterOrEqual':
    case 'lessOrEqual': {
      const wanted = textOf(node.value);
      const sign = node.kind === 'lessOrEqual' ? -1 : 1;
      return any(node.attribute, value => compareValues(value, wanted) * sign >= 0);
    }
    case 'substrings': {
      const pieces = node.pieces.map(piece => upperCase(textOf(piece)));
      return any(node.attribute, value => hasPieces(upperCase(value), pieces));
    }
    case 'extensibleMatch': {
      const { attribute, rule, dnAttributes } = node;
      if (dnAttributes || attribute === '') throw refuse("':dn:' and rules without an attribute are unknown");
      const bits = integer(textOf(node.value));
      if (bits === undefined || (rule !== BIT_AND && rule !== BIT_OR))
        throw refuse(`of matching rules ${BIT_AND} and ${BIT_OR} are known, with a number`);
      return any(attribute, value => {
        const found = integer(value);
        if (found === undefined) return false;
        return rule === BIT_AND ? (found & bits) === bits : (found & bits) !== 0n;
      });
    }
  }
}

function integer(text: string): bigint | undefined {
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

/** @returns below, at or above 0 */
function compareValues(a: string, b: string): number {
  const [m, n] = [integer(a), integer(b)];
  if (m !== undefined && n !== undefined) return m < n ? -1 : m > n ? 1 : 0;
  const [x, y] = [upperCase(a), upperCase(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether a value begins with the first piece, ends with the last one, and has the others between them, in order. */
function hasPieces(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last))
    return false;
  const end = value.length - last.length;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
