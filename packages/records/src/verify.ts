import type { PasswordOrder } from '@causeway/credentials';
import type { Guid } from '@causeway/wire';
import { encapsulationDigest } from './encapsulation.ts';
import { type Envelope, splitEnvelope } from './envelope.ts';
import { decodePayload, isObject, parseJson } from './payload.ts';
import type {
  AccountRecord,
  CredentialRecord,
  Head,
  Receipt,
  RecordKind,
  SignedKind,
  WithdrawalRecord,
} from './record.ts';
import { type Refused, refused } from './refusal.ts';
import { verifyBytes } from './signing-key.ts';

/** A signer's key as an administrator confirmed it. */
export interface TrustedSigner {
  /** Raw Ed25519 key in base64url. */
  publicKey: string;
  /** What it may sign for; a tenant's own key for `CLOUD_FOREST` alone. */
  forests: ReadonlySet<string>;
}

/** What a record or statement says, by kind. */
export interface Signed {
  account: AccountRecord;
  credential: CredentialRecord;
  withdrawal: WithdrawalRecord;
  head: Head;
  receipt: Receipt;
}

/**
 * Believes what is signed, or says why not. The signature is verified over the bytes as they came before anything of
 * the payload is read. What was believed before (sequence, password order, anchor) is the ledger's business.
 *
 * @param kinds what may come
 * @param trust finds a confirmed key by the id that the record names
 * @param limit characters
 * @throws Error only when `trust` gives something that is no public key
 */
export function verifySigned<K extends SignedKind>(
  text: string,
  kinds: readonly K[],
  trust: (keyId: string) => TrustedSigner | undefined,
  expected: { tenant: string },
  limit?: number,
): { ok: true; signed: Signed[K] } | Refused {
  const split = splitEnvelope(text, limit);
  if (!split.ok) return split;
  const { envelope } = split;
  if (!isOneOf(kinds, envelope.kind)) return refused('wrong-kind');
  const signer = trust(envelope.signerKeyId);
  if (signer === undefined) return refused('unknown-signer', `key ${envelope.signerKeyId} is not confirmed`);
  if (!verifyBytes(signer.publicKey, envelope.signedBytes, envelope.signature))
    return refused('bad-signature');
  const decoded = decodeSigned(envelope.kind, envelope);
  if (!decoded.ok) return decoded;
  const digest = 'encapsulationDigest' in decoded.signed ? decoded.signed.encapsulationDigest : undefined;
  if (!belongs(envelope.encapsulation, digest))
    return refused('bad-signature', 'the encapsulation is not the one that was signed');
  const { tenant, forest } = decoded.signed;
  if (tenant !== expected.tenant) return refused('other-tenant', `made for tenant '${tenant}'`);
  if (!signer.forests.has(forest)) {
    return refused('other-forest', `key ${envelope.signerKeyId} is not confirmed for forest '${forest}'`);
  }
  const beside = envelope.encapsulation !== undefined && { encapsulation: envelope.encapsulation };
  return { ok: true, signed: { ...decoded.signed, ...beside } };
}

/** Reads what is signed without believing; undefined when it is not in the documented format, or of no kind that may come. */
export function peekSigned<K extends SignedKind>(
  text: string,
  kinds: readonly K[],
  limit?: number,
): Signed[K] | undefined {
  const split = splitEnvelope(text, limit);
  if (!split.ok || !isOneOf(kinds, split.envelope.kind)) return undefined;
  const decoded = decodeSigned(split.envelope.kind, split.envelope);
  return decoded.ok ? decoded.signed : undefined;
}

function isOneOf<K extends SignedKind>(kinds: readonly K[], kind: SignedKind): kind is K {
  return (kinds as readonly SignedKind[]).includes(kind);
}

function decodeSigned<K extends SignedKind>(
  kind: K,
  { signerKeyId, payload }: Envelope,
): { ok: true; signed: Signed[K] } | Refused {
  const decoded = decodePayload(kind, payload);
  if (!decoded.ok) return decoded;
  const { version: _, ...fields } = decoded.payload;
  return { ok: true, signed: { kind, signerKeyId, ...fields } as unknown as Signed[K] };
}

/** What goes beside the signed text is believed for its digest; without one nothing may stand there. */
function belongs(encapsulation: string | undefined, digest: string | undefined): boolean {
  if (encapsulation === undefined || digest === undefined) return encapsulation === digest;
  return encapsulationDigest(encapsulation) === digest;
}

const RECORD_KINDS = ['account', 'credential', 'withdrawal'] as const;

/** Believes what is said of a user, or says why not: see `verifySigned`. */
export function verifyRecord(
  record: string,
  trust: (keyId: string) => TrustedSigner | undefined,
  expected: { tenant: string },
): { ok: true; record: AccountRecord | CredentialRecord | WithdrawalRecord } | Refused {
  const verified = verifySigned(record, RECORD_KINDS, trust, expected);
  return verified.ok ? { ok: true, record: verified.signed } : verified;
}

/** Kind and version of a record as readers announce them, `account-3`; unbelieved, and undefined when it says none. */
export function recordName(record: string): string | undefined {
  const split = splitEnvelope(record);
  if (!split.ok) return undefined;
  const payload = parseJson(Buffer.from(split.envelope.payload).toString('utf8'));
  const version = isObject(payload) ? payload.version : undefined;
  return Number.isSafeInteger(version) ? `${split.envelope.kind}-${version}` : undefined;
}

/** What a record says of itself, unbelieved. */
export interface RecordPeek {
  kind: RecordKind;
  tenant: string;
  forest: string;
  sourceAnchor: string;
  objectGuid: Guid;
  sequence: number;
  signerKeyId: string;
  /** Of account records: who it is, and whether that is somebody who may sign in. */
  account?: AccountRecord;
  /** Of credential records and withdrawals. */
  passwordOrder?: PasswordOrder;
  /** Of credential records. */
  encapsulationDigest?: string;
}

/**
 * Reads what is signed of a record without believing it, for whoever relays and indexes records. Undefined when it is not in the
 * documented format.
 */
export function peekRecord(record: string): RecordPeek | undefined {
  const said = peekSigned(record, RECORD_KINDS);
  if (said === undefined) return undefined;
  const { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId } = said;
  const peek = { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId };
  if (said.kind === 'account') return { ...peek, account: said };
  if (said.kind === 'withdrawal') return { ...peek, passwordOrder: said.passwordOrder };
  return { ...peek, passwordOrder: said.passwordOrder, encapsulationDigest: said.encapsulationDigest };
}
