import { encodeGuid, type Guid } from '@causeway/wire';
import { LdapError } from './ldap-error.ts';

/** One attribute type and value of a relative distinguished name. The value is without escapes. */
export interface RdnPart {
  type: string;
  value: string;
}

const MAX_DN_LENGTH = 16_384;

/** An attribute value escaped for a DN, without its type (RFC 4514 2.4). */
export function escapeRdn(value: string): string {
  return value
    .replaceAll(/[\\,+"<>;=]/g, char => `\\${char}`)
    .replaceAll('\0', '\\00')
    .replaceAll('\n', '\\0A')
    .replaceAll('\r', '\\0D')
    .replace(/^[ #]/, char => `\\${char}`)
    .replace(/(?<!^\\) $/, '\\ ');
}

/** A value escaped for a search filter (RFC 4515 3); bytes are escaped one by one. */
export function filterEscape(value: string | Uint8Array): string {
  if (typeof value !== 'string') {
    return Array.from(value, byte => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  }
  return value.replaceAll(/[\\*()\0]/g, char => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The filter that finds an object by its objectGUID. */
export const guidFilter = (guid: Guid): string => `(objectGUID=${filterEscape(encodeGuid(guid))})`;

/**
 * The relative names of a DN, the object's own first. A name with `+` has more than one part (RFC 4514 3).
 *
 * @throws LdapError `syntax` if the text is no DN.
 */
export function parseDn(dn: string): RdnPart[][] {
  if (dn.trim() === '') return [];
  return splitAt(dn, ',').map(rdn => splitAt(rdn, '+').map(part => parsePart(dn, part)));
}

/** The DN one level up, with its text unchanged; the empty string above the last name. */
export function parentDn(dn: string): string {
  const [own] = splitAt(dn, ',');
  return dn.slice(own!.length + 1).trimStart();
}

/** The relative name of a DN in its original spelling: `CN=Doe\, Jane`. */
export function rdnText(dn: string): string {
  return splitAt(dn, ',')[0]!;
}

/** Splits at a separator that no backslash precedes. */
function splitAt(text: string, separator: string): string[] {
  if (text.length > MAX_DN_LENGTH) {
    throw new LdapError(
      'syntax',
      `a DN of at most ${MAX_DN_LENGTH} characters expected, ${text.length} came`,
    );
  }
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === separator) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function parsePart(dn: string, part: string): RdnPart {
  const match = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*(.*)$/su.exec(part);
  if (!match) throw new LdapError('syntax', `'${dn}' is no DN: 'type=value' expected, '${part}' came`);
  return { type: match[1]!, value: unescapeValue(dn, match[2]!) };
}

function unescapeValue(dn: string, text: string): string {
  if (text.startsWith('#')) {
    throw new LdapError('syntax', `'${dn}' has a value in BER form, which Active Directory does not use`);
  }
  let end = text.length;
  while (text[end - 1] === ' ' && !endsInEscape(text.slice(0, end - 1))) end--;
  // Escaped bytes are UTF-8 that may span several escapes, so collect the bytes first.
  const bytes: Buffer[] = [];
  for (const token of text.slice(0, end).match(/\\[0-9a-fA-F]{2}|\\.|[^\\]+|\\$/gsu) ?? []) {
    if (token === '\\') throw new LdapError('syntax', `'${dn}' ends in a backslash that escapes nothing`);
    if (/^\\[0-9a-fA-F]{2}$/.test(token)) bytes.push(Buffer.from(token.slice(1), 'hex'));
    else bytes.push(Buffer.from(token.startsWith('\\') ? token.slice(1) : token));
  }
  return Buffer.concat(bytes).toString('utf8');
}

/** True if the text ends in an odd number of backslashes, which escape what follows it. */
function endsInEscape(text: string): boolean {
  return /\\*$/.exec(text)![0].length % 2 === 1;
}
