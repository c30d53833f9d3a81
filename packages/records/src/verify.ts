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

/** A signer's key as an administrator confirmed it. */
export interface TrustedSigner {
  /** Raw Ed25519 key in base64url. */
  publicKey: string;
  /** What it may sign for; a tenant's own key for `CLOUD_FOREST` alone. */
  forests: ReadonlySet<string>;
}

type Trust = (keyId: string) => TrustedSigner | undefined;
/** What is expected of everything that is believed. */
interface Expected {
  tenant: string;
}

/**
 * Believes what is signed, or says why not. The signature is verified over the bytes as they came before anything of
 * the payload is read. What was believed before (sequence, password order, anchor) is the ledger's business.
 *
 * @param kinds what may come
 * @param trust finds a confirmed key by the id that the record names
 * @throws Error only when `trust` gives something that is no public key
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

/** Reads what is signed without believing; undefined when it is not in the documented format, or of no kind that may come. */
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

/** What goes beside the signed text is believed for its digest; without one nothing may stand there. */
function belongs(encapsulation: string | undefined, digest: string | undefined): boolean {
  if (encapsulation === undefined || digest === undefined) return encapsulation === digest;
  return encapsulationDigest(encapsulation) === digest;
}

/** Believes what is said of a user, or says why not: see `verifySigned`. */
export function verifyRecord(
  record: string,
  trust: Trust,
  expected: Expected,
): { ok: true; record: RecordOf<(typeof RECORDS)[number]> } | Refused {
  const verified = verifySigned(record, RECORDS, trust, expected);
  return verified.ok ? { ok: true, record: verified.signed } : verified;
}

/** What is said of a group. */
export type AnyGroupRecord = RecordOf<(typeof GROUP_RECORDS)[number]>;

/** Believes what is said of a group, or says why not: see `verifySigned`. */
export function verifyGroupRecord(
  record: string,
  trust: Trust,
  expected: Expected,
): { ok: true; record: AnyGroupRecord } | Refused {
  const verified = verifySigned(record, GROUP_RECORDS, trust, expected);
  return verified.ok ? { ok: true, record: verified.signed } : verified;
}

/** Reads what is signed of a group without believing it, as `peekRecord` does. */
export function peekGroupRecord(record: string): AnyGroupRecord | undefined {
  return peekSigned(record, GROUP_RECORDS);
}

/** Kind and version of a record as readers announce them, `account-3`; unbelieved, and undefined when it says none. */
export function recordName(record: string): string | undefined {
  const split = splitEnvelope(record, MAX_RECORD_LENGTH);
  if (!split.ok) return undefined;
  const payload = parseJson(Buffer.from(split.envelope.payload).toString('utf8'));
  const version = isObject(payload) ? payload.version : undefined;
  return Number.isSafeInteger(version) ? `${split.envelope.kind.name}-${version}` : undefined;
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
  const said = peekSigned(record, RECORDS);
  if (said === undefined) return undefined;
  const { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId } = said;
  const peek = { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId };
  if (said.kind === 'account') return { ...peek, account: said };
  if (said.kind === 'withdrawal') return { ...peek, passwordOrder: said.passwordOrder };
  return { ...peek, passwordOrder: said.passwordOrder, encapsulationDigest: said.encapsulationDigest };
}

/** Believes a head, or says why not, as `verifyRecord` does. Whether it is the newest is the reader's business. */
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

/** Reads a head without believing it, for whoever relays it; undefined when it is not in the documented format. */
export function peekHead(head: string): Head | undefined {
  return peekSigned(head, [HEAD]);
}

export function peekReceipt(receipt: string): Receipt | undefined {
  return peekSigned(receipt, [RECEIPT]);
}
