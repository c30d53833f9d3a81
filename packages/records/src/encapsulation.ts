import { hash } from 'node:crypto';
import { fromBase64url } from './base64url.ts';
import { ENCAPSULATION_LENGTH } from './hpke-suite.ts';

/** Between what is signed and what is signed by its digest alone; in neither of them. */
const SEPARATOR = '~';

/** The two parts of a credential record (docs/formats.md). */
interface CredentialParts {
  signed: string;
  /** Base64url; the same in all records of a batch, so that who keeps or sends many of them does so once. */
  encapsulation: string;
}

export function joinEncapsulation({ signed, encapsulation }: CredentialParts): string {
  return `${signed}${SEPARATOR}${encapsulation}`;
}

/** Nothing is verified; without a separator there is no encapsulation. */
export function splitEncapsulation(record: string): { signed: string; encapsulation?: string } {
  const at = record.indexOf(SEPARATOR);
  if (at < 0) return { signed: record };
  return { signed: record.slice(0, at), encapsulation: record.slice(at + 1) };
}

let last: { encapsulation: string; digest: string } | undefined;

/** SHA-256 of an encapsulation's bytes, in base64url, or undefined of a text that is none. Of a batch's it is made once. */
export function encapsulationDigest(encapsulation: string): string | undefined {
  if (last?.encapsulation === encapsulation) return last.digest;
  const bytes = fromBase64url(encapsulation);
  if (bytes?.length !== ENCAPSULATION_LENGTH) return undefined;
  last = { encapsulation, digest: hash('sha256', bytes, 'base64url') };
  return last.digest;
}
