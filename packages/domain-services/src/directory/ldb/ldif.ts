import { decodeSid } from '@causeway/ldap';
import { replacements, type Values } from '../attributes.ts';
import type { Write } from '../write.ts';

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
/** Text that LDIF takes as it is (RFC 2849, SAFE-STRING, not ending in a space). Everything else is base64. */
const SAFE = /^[\x21-\x39\x3b\x3d-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Renders writes as LDIF (RFC 2849) for `ldbmodify`, with the line (from 1) at which each begins. Values go straight into the buffer, so
 * that a hash never becomes a string, which cannot be wiped. Wipe the buffer after use.
 */
export function renderLdif(writes: readonly Write[]): { ldif: Buffer; firstLines: number[] } {
  const text = new LdifText();
  const firstLines = writes.map(write => {
    const line = text.lines + 1;
    if (write.kind === 'add') {
      text.line(`dn: ${asciiDn(write.dn)}`);
      text.line('changetype: add');
      for (const [name, values] of Object.entries(write.values)) text.values(name, values);
    } else {
      text.line(`dn: <GUID=${write.guid}>`);
      text.line('changetype: modify');
      for (const [name, values] of replacements(write.values)) {
        text.line(`replace: ${name}`);
        text.values(name, values);
        text.line('-');
      }
    }
    text.line('');
    return line;
  });
  return { ldif: text.finish(), firstLines };
}

/** `ldbmodify` reads no DN in base64 (`dn::`), so bytes that are not ASCII are escaped (RFC 4514 2.4). */
function asciiDn(dn: string): string {
  return dn.replace(/[^\x20-\x7e]/gu, char =>
    Array.from(Buffer.from(char), byte => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

const SIDS = new Set(['sIDHistory', 'objectSid']);

class LdifText {
  lines = 0;
  #buffer = Buffer.alloc(1 << 16);
  #length = 0;

  line(text: string): void {
    this.#room(text.length * 3 + 1);
    this.#length += this.#buffer.write(text, this.#length);
    this.#buffer[this.#length++] = 0x0a;
    this.lines++;
  }

  values(name: string, values: Values[string]): void {
    for (const value of values) this.value(name, value);
  }

  /** SIDs are written as text, because `ldbmodify` does not accept their bytes. */
  value(name: string, value: string | Uint8Array): void {
    if (SIDS.has(name) && typeof value !== 'string') this.line(`${name}: ${decodeSid(value)}`);
    else if (typeof value === 'string' && SAFE.test(value)) this.line(`${name}: ${value}`);
    else this.#base64(name, typeof value === 'string' ? Buffer.from(value) : value);
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #base64(name: string, bytes: Uint8Array): void {
    this.#room(name.length + 4 + Math.ceil(bytes.length / 3) * 4);
    this.#length += this.#buffer.write(`${name}:: `, this.#length);
    for (let i = 0; i < bytes.length; i += 3) {
      const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
      for (let digit = 0; digit < 4; digit++) {
        const padding = i + digit > bytes.length;
        this.#buffer[this.#length++] = padding ? 0x3d : ALPHABET[(group >> (18 - 6 * digit)) & 63]!;
      }
    }
    this.#buffer[this.#length++] = 0x0a;
    this.lines++;
  }

  /** Grows the buffer, and wipes the old one. */
  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger);
    this.#buffer.fill(0);
    this.#buffer = larger;
  }
}
