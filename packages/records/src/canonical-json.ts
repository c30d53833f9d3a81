/** The values in a record: plain objects, arrays, text, safe integers, booleans, null. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Canonical JSON (RFC 8785): names sorted by UTF-16 code unit, no whitespace, ECMAScript's own text and number forms. Equal values have
 * equal bytes, so a signature or hash over it is unambiguous.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null || isSorted(value)) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  for (const name of Object.keys(value).sort()) {
    members += `${members && ','}${JSON.stringify(name)}:${canonicalJson(value[name]!)}`;
  }
  return `{${members}}`;
}

/** Whether `JSON.stringify`, which is faster, already writes all names in this order at every depth. */
function isSorted(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (isArray(value)) return value.every(isSorted);
  let last = '';
  for (const name of Object.keys(value)) {
    if (name < last || !isSorted(value[name]!)) return false;
    last = name;
  }
  return true;
}

/** `Array.isArray` does not narrow read-only arrays. */
const isArray = (value: object): value is readonly Json[] => Array.isArray(value);

/** The parsed JSON, or undefined. Never throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
