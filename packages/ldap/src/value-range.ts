import type { LdapEntry, LdapValue } from './entry.ts';
import { LdapError } from './ldap-error.ts';

/** Values of an attribute that an answer brought, and where they go on; `next` undefined: there are no more. */
export interface ValueRange {
  values: LdapValue[];
  next: number | undefined;
}

/** How values of an attribute from an index on are asked for ([MS-ADTS] 3.1.1.3.1.3.3). Servers may send fewer. */
export const rangeOption = (attribute: string, from: number, count: number): string =>
  `${attribute};range=${from}-${from + count - 1}`;

/** `0-1499` or `1500-*` of an attribute's name with a range; undefined: it is another attribute, or has none. */
export function rangeOf(attribute: string, name: string): { from: number; to: number | '*' } | undefined {
  const prefix = `${attribute};range=`.toLowerCase();
  if (!name.toLowerCase().startsWith(prefix)) return undefined;
  const [, from, to] = /^(\d{1,9})-(\d{1,9}|\*)$/.exec(name.slice(prefix.length)) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return { from: Number(from), to: to === '*' ? '*' : Number(to) };
}

/**
 * What an answer to a range from an index on brought. Windows sends an empty attribute beside the range, by its bare name or by the range
 * that was asked for. No values at all: the list ends here, because it just does or because it became shorter.
 *
 * @throws LdapError `protocol` when it is another range than the one asked for
 */
export function readValueRange(entry: LdapEntry, attribute: string, from: number): ValueRange {
  const found: { values: LdapValue[]; range: { from: number; to: number | '*' } }[] = [];
  for (const [name, values] of Object.entries(entry.attributes)) {
    if (values.length === 0) continue;
    const range = rangeOf(attribute, name);
    if (range) found.push({ values, range });
    // A server that knows no ranges sends all that there is.
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
