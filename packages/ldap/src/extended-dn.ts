import { DecodeError, decodeGuid, decodeSid, encodeSid, type Guid, isGuid, type Sid } from '@causeway/wire';

/** A name, with the identifiers that stay the same when the object is renamed or moved ([MS-ADTS] 3.1.1.3.4.1.5). */
export interface ExtendedDn {
  guid: Guid | null;
  sid: Sid | null;
  dn: string;
}

/** Longest extended name. A DN of 255 levels is far shorter. */
const MAX_EXTENDED_DN_LENGTH = 16_384;

/** `<NAME=value>`, and its separator. */
const COMPONENT = /<([A-Za-z][A-Za-z0-9_]*)=([^<>;]*)>(;|$)/y;
const HEX = /^(?:[0-9a-f]{2})+$/i;

/**
 * Reads `<GUID=…>;<SID=…>;CN=…`. Both identifiers may be missing, and may be text or hexadecimal digits of their bytes. A name that is not
 * extended has no identifiers. Ignores other parts in angle brackets.
 *
 * @throws DecodeError for a value that is no name
 */
export function parseExtendedDn(text: string): ExtendedDn {
  if (text.length > MAX_EXTENDED_DN_LENGTH) {
    const detail = `at most ${MAX_EXTENDED_DN_LENGTH} characters expected, ${text.length} came`;
    throw new DecodeError('ExtendedDn', 'limit', detail);
  }
  const found: ExtendedDn = { guid: null, sid: null, dn: '' };
  let at = 0;
  while (text[at] === '<') {
    COMPONENT.lastIndex = at;
    const [component, name = '', value = ''] = COMPONENT.exec(text) ?? [];
    if (component === undefined)
      throw new DecodeError('ExtendedDn', 'unexpected', `'<NAME=value>;' expected at character ${at + 1}`);
    const key = name.toUpperCase();
    if (key === 'GUID') found.guid = once('GUID', found.guid, parseGuid(value));
    if (key === 'SID') found.sid = once('SID', found.sid, parseSid(value));
    at += component.length;
  }
  found.dn = text.slice(at);
  if (found.dn === '' && found.guid === null && found.sid === null)
    throw new DecodeError('ExtendedDn', 'truncated', 'a name expected, an empty text came');
  return found;
}

function once(field: string, before: string | null, value: string): string {
  if (before !== null) throw new DecodeError(`ExtendedDn.${field}`, 'unexpected', 'it came twice');
  return value;
}

function parseGuid(text: string): Guid {
  if (isGuid(text)) return text.toLowerCase();
  if (text.length === 32 && HEX.test(text)) return decodeGuid(Buffer.from(text, 'hex'));
  throw new DecodeError('ExtendedDn.GUID', 'unexpected', 'a GUID in text or 32 hexadecimal digits expected');
}

function parseSid(text: string): Sid {
  if (HEX.test(text)) return decodeSid(Buffer.from(text, 'hex'));
  try {
    encodeSid(text);
  } catch {
    throw new DecodeError('ExtendedDn.SID', 'unexpected', 'a SID in text or in hexadecimal digits expected');
  }
  return text;
}
