import type { PasswordOrder } from '@causeway/credentials';
import type { Guid } from '@causeway/wire';
import { isObject, parseJson } from './canonical-json.ts';
import { encapsulationDigest } from './encapsulation.ts';
import { type Envelope, splitEnvelope } from './envelope.ts';
import type { AccountRecord } from './kinds/account.ts';
import { HEAD, type Head } from './kinds/head.ts';
import { MAX_RECORD_LENGTH, type RecordOf, type Said } from './kinds/kind.ts';
import { type AnyKind, GROUP_RECORDS, RECORDS, type RecordKind } from './kinds/kinds.ts';
import { RECEIPT, type Receipt } from './kinds/receipt.ts';
import { decodePayload } from './payload.ts';
import { type Refused, refused } from './refusal.ts';
import { verifyBytes } from './signing-key.ts';

/** A signer's key that an administrator confirmed. */
export interface TrustedSigner {
  /** Raw Ed25519 key in base64url. */
  publicKey: string;
  /** The forests that it may sign for; for a tenant's own key only `CLOUD_FOREST`. */
  forests: ReadonlySet<string>;
}

type Trust = (keyId: string) => TrustedSigner | undefined;
/** What every accepted statement must match. */
interface Expected {
  tenant: string;
}

/**
 * Accepts what is signed, or tells why not. Verifies the signature over the received bytes before it reads anything of the payload.
 * Comparing it with earlier ones (sequence, password order, anchor) is up to the ledger.
 *
 * @param kinds what may come
 * @param trust finds a confirmed key by the id that the record names
 * @throws Error only if `trust` returns something that is no public key
 */
function verifySigned<K extends AnyKind>(
  text: string,
  kinds: readonly K[],
  trust: Trust,
  expected: Expected,
): { ok: true; signed: RecordOf<K> } | Refused {
  const split = splitEnvelope(text, longestOf(kinds));
  if (!split.ok) return split;
  const { envelope } = split;
  if (!isOneOf(kinds, envelope.kind)) return refused('wrong-kind');
  const signer = trust(envelope.signerKeyId);
  if (signer === undefined) return refused('unknown-signer', `key ${envelope.signerKeyId} is not confirmed`);
  if (!verifyBytes(signer.publicKey, envelope.signedBytes, envelope.signature))
    return refused('bad-signature');
  const decoded = decodeSaid(envelope.kind, envelope);
  if (!decoded.ok) return decoded;
  const said: Said<AnyKind> = decoded.said;
  const { encapsulation } = envelope;
  const digest = 'encapsulationDigest' in said ? said.encapsulationDigest : undefined;
  if (!belongs(encapsulation, digest))
    return refused('bad-signature', 'the encapsulation is not the one that was signed');
  if (said.tenant !== expected.tenant) return refused('other-tenant', `made for tenant '${said.tenant}'`);
  if (!signer.forests.has(said.forest)) {
    return refused(
      'other-forest',
      `key ${envelope.signerKeyId} is not confirmed for forest '${said.forest}'`,
    );
  }
  const signed = encapsulation === undefined ? said : { ...said, encapsulation };
  return { ok: true, signed: signed as RecordOf<K> };
}

/** Reads what is signed without verifying it. Undefined if it is not in the documented format, or of no allowed kind. */
function peekSigned<K extends AnyKind>(text: string, kinds: readonly K[]): Said<K> | undefined {
  const split = splitEnvelope(text, longestOf(kinds));
  if (!split.ok || !isOneOf(kinds, split.envelope.kind)) return undefined;
  const decoded = decodeSaid(split.envelope.kind, split.envelope);
  return decoded.ok ? decoded.said : undefined;
}

function longestOf(kinds: readonly AnyKind[]): number {
  return kinds.reduce((longest, { maxLength }) => Math.max(longest, maxLength), 0);
}

function isOneOf<K extends AnyKind>(kinds: readonly K[], kind: AnyKind): kind is K {
  return (kinds as readonly AnyKind[]).includes(kind);
}

function decodeSaid<K extends AnyKind>(
  kind: K,
  { signerKeyId, payload }: Envelope,
): { ok: true; said: Said<K> } | Refused {
  const decoded = decodePayload<object>(kind, payload);
  if (!decoded.ok) return decoded;
  const { version: _, ...fields } = decoded.payload;
  return { ok: true, said: { kind: kind.name, signerKeyId, ...fields } as Said<K> };
}

/** The part beside the signed text must match the signed digest. Without a digest there must be none. */
function belongs(encapsulation: string | undefined, digest: string | undefined): boolean {
  if (encapsulation === undefined || digest === undefined) return encapsulation === digest;
  return encapsulationDigest(encapsulation) === digest;
}

/** Accepts a statement about a user, or tells why not: see `verifySigned`. */
export function verifyRecord(
  record: string,
  trust: Trust,
  expected: Expected,
): { ok: true; record: RecordOf<(typeof RECORDS)[number]> } | Refused {
  const verified = verifySigned(record, RECORDS, trust, expected);
  return verified.ok ? { ok: true, record: verified.signed } : verified;
}

/** A statement about a group. */
export type AnyGroupRecord = RecordOf<(typeof GROUP_RECORDS)[number]>;

/** Accepts a statement about a group, or tells why not: see `verifySigned`. */
export function verifyGroupRecord(
  record: string,
  trust: Trust,
  expected: Expected,
): { ok: true; record: AnyGroupRecord } | Refused {
  const verified = verifySigned(record, GROUP_RECORDS, trust, expected);
  return verified.ok ? { ok: true, record: verified.signed } : verified;
}

/** Reads a statement about a group without verifying it, as `peekRecord` does. */
export function peekGroupRecord(record: string): AnyGroupRecord | undefined {
  return peekSigned(record, GROUP_RECORDS);
}

/** Kind and version of a record as readers announce them, `account-3`. Not verified; undefined if it has none. */
export function recordName(record: string): string | undefined {
  const split = splitEnvelope(record, MAX_RECORD_LENGTH);
  if (!split.ok) return undefined;
  const payload = parseJson(Buffer.from(split.envelope.payload).toString('utf8'));
  const version = isObject(payload) ? payload.version : undefined;
  return Number.isSafeInteger(version) ? `${split.envelope.kind.name}-${version}` : undefined;
}

/** A record's unverified content. */
export interface RecordPeek {
  kind: RecordKind;
  tenant: string;
  forest: string;
  sourceAnchor: string;
  objectGuid: Guid;
  sequence: number;
  signerKeyId: string;
  /** For account records: who it is, and whether they may sign in. */
  account?: AccountRecord;
  /** For credential records and withdrawals. */
  passwordOrder?: PasswordOrder;
  /** For credential records. */
  encapsulationDigest?: string;
}

/** Reads a record without verifying it, for a place that relays and indexes records. Undefined if it is not in the documented format. */
export function peekRecord(record: string): RecordPeek | undefined {
  const said = peekSigned(record, RECORDS);
  if (said === undefined) return undefined;
  const { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId } = said;
  const peek = { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId };
  if (said.kind === 'account') return { ...peek, account: said };
  if (said.kind === 'withdrawal') return { ...peek, passwordOrder: said.passwordOrder };
  return { ...peek, passwordOrder: said.passwordOrder, encapsulationDigest: said.encapsulationDigest };
}

/** Accepts a head, or tells why not, as `verifyRecord` does. Whether it is the newest is up to the reader. */
export function verifyHead(
  head: string,
  trust: Trust,
  expected: Expected,
): { ok: true; head: Head } | Refused {
  const verified = verifySigned(head, [HEAD], trust, expected);
  return verified.ok ? { ok: true, head: verified.signed } : verified;
}

export function verifyReceipt(
  receipt: string,
  trust: Trust,
  expected: Expected,
): { ok: true; receipt: Receipt } | Refused {
  const verified = verifySigned(receipt, [RECEIPT], trust, expected);
  return verified.ok ? { ok: true, receipt: verified.signed } : verified;
}

/** Reads a head without verifying it, for a place that relays it. Undefined if it is not in the documented format. */
export function peekHead(head: string): Head | undefined {
  return peekSigned(head, [HEAD]);
}

export function peekReceipt(receipt: string): Receipt | undefined {
  return peekSigned(receipt, [RECEIPT]);
}
