import { fromBase64url, toBase64url } from './base64url.ts';
import { canonicalJson } from './canonical-json.ts';
import { splitEncapsulation } from './encapsulation.ts';
import { isObject, parseJson } from './payload.ts';
import { isKeyId } from './public-key.ts';
import { MAX_RECORD_LENGTH, RECORD_TYPES, type SignedKind } from './record.ts';
import { type Refused, refused } from './refusal.ts';
import { type SigningKey, signBytes } from './signing-key.ts';

const ALGORITHM = 'EdDSA';
const MAX_HEADER_LENGTH = 256;
const SIGNATURE_LENGTH = 64;
const SIGNATURE_CHARACTERS = Math.ceil((SIGNATURE_LENGTH * 4) / 3);
const KINDS = Object.keys(RECORD_TYPES) as SignedKind[];

/** The three parts of a record (JWS compact serialization, RFC 7515, 7.1) and what goes beside them, with nothing verified yet. */
export interface Envelope {
  kind: SignedKind;
  signerKeyId: string;
  payload: Uint8Array;
  /** What the signature is over: the first two parts as they came, with the dot between. */
  signedBytes: Uint8Array;
  signature: Uint8Array;
  /** Not under the signature. */
  encapsulation: string | undefined;
}

/** @param limit characters of the whole */
export function signEnvelope(
  key: SigningKey,
  kind: SignedKind,
  payload: string,
  limit: number = MAX_RECORD_LENGTH,
): string {
  const header = toBase64url(Buffer.from(protectedHeader(kind, key.publicKey.keyId)));
  const encoded = toBase64url(Buffer.from(payload));
  const signedLength = header.length + 1 + encoded.length;
  const length = signedLength + 1 + SIGNATURE_CHARACTERS;
  if (length > limit) throw new RangeError(`a ${kind} has at most ${limit} characters, this one ${length}`);
  // Put together as bytes: of strings, each step would make a copy of its own.
  const record = Buffer.allocUnsafe(length);
  record.write(`${header}.`, 'latin1');
  record.write(encoded, header.length + 1, 'latin1');
  const signature = toBase64url(signBytes(key, record.subarray(0, signedLength)));
  record.write(`.${signature}`, signedLength, 'latin1');
  return record.toString('latin1');
}

export function splitEnvelope(
  record: string,
  limit: number = MAX_RECORD_LENGTH,
): { ok: true; envelope: Envelope } | Refused {
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
  const kind = KINDS.find(known => RECORD_TYPES[known] === fields.typ);
  if (kind === undefined) return refused('wrong-kind');
  const signerKeyId = fields.kid;
  if (!isKeyId(signerKeyId)) return refused('malformed', 'kid: a key id expected');
  // Nothing else may stand there: no `crit`, no `jwk`, nothing twice.
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
  return canonicalJson({ alg: ALGORITHM, kid, typ: RECORD_TYPES[kind] });
}
