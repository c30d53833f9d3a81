import { canonicalJson, isObject, type Json, parseJson } from './canonical-json.ts';
import type { SignedKind } from './kinds/kind.ts';
import { type Refused, refused } from './refusal.ts';

/**
 * The JSON to be signed: those of the values that are members of the kind.
 *
 * @throws RangeError that names the member which is not as documented
 */
export function encodePayload<T extends Readonly<Record<string, unknown>>>(
  kind: SignedKind<string, T>,
  values: T,
): string {
  const version = kind.versionOf(values);
  const { payload } = kind.versions.get(version)!;
  const members = payload.only(values);
  members.version = version;
  const wrong = payload.wrong(members);
  if (wrong !== undefined) throw new RangeError(`payload${wrong}`);
  return canonicalJson(members as Json);
}

/** Exactly the members of this kind, each within its limits, in canonical form. This alone makes nothing trustworthy. */
export function decodePayload<T>(
  kind: SignedKind<string, T>,
  bytes: Uint8Array,
): { ok: true; payload: T & { version: number } } | Refused {
  const { versions, maxPayloadLength } = kind;
  if (bytes.length > maxPayloadLength)
    return refused('too-large', `the payload is longer than ${maxPayloadLength} bytes`);
  const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const value = parseJson(json);
  if (!isObject(value)) return refused('malformed', 'payload: a JSON object expected');
  const { version } = value;
  if (Number.isSafeInteger(version) && !versions.has(version)) {
    return refused(
      'unsupported-version',
      `version ${[...versions.keys()].join(' or ')} expected, got ${version}`,
    );
  }
  // For an unknown version, the check of the first one reports it.
  const { payload } = versions.get(version) ?? [...versions.values()][0]!;
  const wrong = payload.wrong(value);
  if (wrong !== undefined) return refused('malformed', `payload${wrong}`);
  // Rejects duplicate members, whitespace, another order, and bytes that are no UTF-8.
  const canonical = Buffer.from(canonicalJson(value as Json));
  if (!canonical.equals(bytes)) return refused('malformed', 'payload: canonical JSON (RFC 8785) expected');
  return { ok: true, payload: value as T & { version: number } };
}
