import type { LdapEntry, LdapValue } from './entry.ts';
import { LdapError } from './ldap-error.ts';

/** The attribute values in an answer, and where the next ones begin; `next` undefined: there are no more. */
export interface ValueRange {
  values: LdapValue[];
  next: number | undefined;
}

/** Requests values of an attribute from an index on ([MS-ADTS] 3.1.1.3.1.3.3). Servers may send fewer. */
export const rangeOption = (attribute: string, from: number, count: number): string =>
  `${attribute};range=${from}-${from + count - 1}`;

/** Reads `0-1499` or `1500-*` from an attribute's name with a range; undefined: another attribute, or no range. */
export function rangeOf(attribute: string, name: string): { from: number; to: number | '*' } | undefined {
  const prefix = `${attribute};range=`.toLowerCase();
  if (!name.toLowerCase().startsWith(prefix)) return undefined;
  const [, from, to] = /^(\d{1,9})-(\d{1,9}|\*)$/.exec(name.slice(prefix.length)) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return { from: Number(from), to: to === '*' ? '*' : Number(to) };
}

/**
 * Reads the answer to a request for a range from an index on. Windows sends an empty attribute beside the range, under its bare name or the
 * requested range. No values at all: the list ends here, or has become shorter than the index.
 *
 * @throws LdapError `protocol` if it is not the requested range
 */
export function readValueRange(entry: LdapEntry, attribute: string, from: number): ValueRange {
  const found: { values: LdapValue[]; range: { from: number; to: number | '*' } }[] = [];
  for (const [name, values] of Object.entries(entry.attributes)) {
    if (values.length === 0) continue;
    const range = rangeOf(attribute, name);
    if (range) found.push({ values, range });
    // A server that does not support ranges sends all values.
    else if (name.toLowerCase() === attribute.toLowerCase())
      found.push({ values, range: { from: 0, to: '*' } });
  }
  const [first, more] = found;
  if (first === undefined) return { values: [], next: undefined };
  const { values, range } = first;
  if (more !== undefined || range.from !== from || (range.to !== '*' && range.to < from)) {
    const came = found.map(({ range }) => `${range.from}-${range.to}`).join(' and ');
    throw new LdapError(
      'protocol',
      `values of ${attribute} of '${entry.dn}' from number ${from} on expected, ${came} came`,
    );
  }
  return { values, next: range.to === '*' ? undefined : range.to + 1 };
}
