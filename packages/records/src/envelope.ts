import { fromBase64url, toBase64url } from './base64url.ts';
import { canonicalJson, isObject, parseJson } from './canonical-json.ts';
import { splitEncapsulation } from './encapsulation.ts';
import type { SignedKind } from './kinds/kind.ts';
import { type AnyKind, KINDS } from './kinds/kinds.ts';
import { isKeyId } from './public-key.ts';
import { type Refused, refused } from './refusal.ts';
import { type SigningKey, signBytes } from './signing-key.ts';

const ALGORITHM = 'EdDSA';
const MAX_HEADER_LENGTH = 256;
const SIGNATURE_LENGTH = 64;
const SIGNATURE_CHARACTERS = Math.ceil((SIGNATURE_LENGTH * 4) / 3);
const BY_TYP = new Map<unknown, AnyKind>(KINDS.map(kind => [kind.typ, kind]));

/** The three parts of a record (JWS compact serialization, RFC 7515, 7.1) and the part beside them, before any verification. */
export interface Envelope {
  kind: AnyKind;
  signerKeyId: string;
  payload: Uint8Array;
  /** The bytes that the signature covers: the first two parts as received, with the dot between. */
  signedBytes: Uint8Array;
  signature: Uint8Array;
  /** Not covered by the signature. */
  encapsulation: string | undefined;
}

export function signEnvelope(key: SigningKey, kind: SignedKind, payload: string): string {
  const header = toBase64url(Buffer.from(protectedHeader(kind, key.publicKey.keyId)));
  const encoded = toBase64url(Buffer.from(payload));
  const signedLength = header.length + 1 + encoded.length;
  const length = signedLength + 1 + SIGNATURE_CHARACTERS;
  const { name, maxLength } = kind;
  if (length > maxLength)
    throw new RangeError(`a ${name} has at most ${maxLength} characters, this one ${length}`);
  // Assembled as bytes, because each step over strings would make a copy.
  const record = Buffer.allocUnsafe(length);
  record.write(`${header}.`, 'latin1');
  record.write(encoded, header.length + 1, 'latin1');
  const signature = toBase64url(signBytes(key, record.subarray(0, signedLength)));
  record.write(`.${signature}`, signedLength, 'latin1');
  return record.toString('latin1');
}

/** @param limit characters of the whole */
export function splitEnvelope(record: string, limit: number): { ok: true; envelope: Envelope } | Refused {
  if (typeof record !== 'string') return refused('malformed', 'text expected');
  if (record.length > limit) {
    return refused('too-large', `${record.length} characters, at most ${limit} expected`);
  }
  const { signed, encapsulation } = splitEncapsulation(record);
  const parts = signed.split('.');
  if (parts.length !== 3) return refused('malformed', `three parts expected, got ${parts.length}`);
  const [header, payload, signature] = parts.map(fromBase64url);
  if (!header || !payload || !signature) {
    return refused('malformed', 'base64url without padding expected in each part');
  }
  if (header.length > MAX_HEADER_LENGTH) return refused('malformed', 'the header is too long');

  const text = Buffer.from(header).toString('latin1');
  const fields = parseJson(text);
  if (!isObject(fields)) return refused('malformed', 'header: a JSON object expected');
  if (fields.alg !== ALGORITHM) return refused('unsupported-algorithm', `alg: '${ALGORITHM}' expected`);
  const kind = BY_TYP.get(fields.typ);
  if (kind === undefined) return refused('wrong-kind');
  const signerKeyId = fields.kid;
  if (!isKeyId(signerKeyId)) return refused('malformed', 'kid: a key id expected');
  // Nothing else is allowed here: no `crit`, no `jwk`, no duplicate.
  if (text !== protectedHeader(kind, signerKeyId)) {
    return refused('malformed', 'header: exactly alg, kid and typ in canonical form expected');
  }
  if (signature.length !== SIGNATURE_LENGTH) {
    return refused('bad-signature', `${SIGNATURE_LENGTH} bytes expected, got ${signature.length}`);
  }
  const signedBytes = Buffer.from(signed.slice(0, signed.lastIndexOf('.')), 'latin1');
  return { ok: true, envelope: { kind, signerKeyId, payload, signedBytes, signature, encapsulation } };
}

function protectedHeader(kind: SignedKind, kid: string): string {
  return canonicalJson({ alg: ALGORITHM, kid, typ: kind.typ });
}
