import { hash } from 'node:crypto';
import { fromBase64url } from './base64url.ts';
import { ENCAPSULATION_LENGTH } from './hpke-suite.ts';

/** Separates the signed part from the part that is signed by its digest. Occurs in neither. */
const SEPARATOR = '~';

/** The two parts of a credential record (docs/formats.md). */
interface CredentialParts {
  signed: string;
  /** Base64url. All records of a batch share it, so it can be kept or sent once. */
  encapsulation: string;
}

export function joinEncapsulation({ signed, encapsulation }: CredentialParts): string {
  return `${signed}${SEPARATOR}${encapsulation}`;
}

/** Verifies nothing. Without a separator there is no encapsulation. */
export function splitEncapsulation(record: string): { signed: string; encapsulation?: string } {
  const at = record.indexOf(SEPARATOR);
  if (at < 0) return { signed: record };
  return { signed: record.slice(0, at), encapsulation: record.slice(at + 1) };
}

let last: { encapsulation: string; digest: string } | undefined;

/** SHA-256 of an encapsulation's bytes, in base64url; undefined for text that is none. Computed once per batch. */
export function encapsulationDigest(encapsulation: string): string | undefined {
  if (last?.encapsulation === encapsulation) return last.digest;
  const bytes = fromBase64url(encapsulation);
  if (bytes?.length !== ENCAPSULATION_LENGTH) return undefined;
  last = { encapsulation, digest: hash('sha256', bytes, 'base64url') };
  return last.digest;
}
