import type { PasswordOrder } from '@causeway/credentials';
import type { Guid } from '@causeway/wire';
import { type Envelope, splitEnvelope } from './envelope.ts';
import { decodePayload } from './payload.ts';
import type { AccountRecord, CredentialRecord, RecordKind } from './record.ts';
import { type Refused, refused } from './refusal.ts';
import { verifyBytes } from './signing-key.ts';

/** A signer's key as an administrator confirmed it. */
export interface TrustedSigner {
  /** Raw Ed25519 key in base64url. */
  publicKey: string;
  /** What it may sign for; a tenant's own key for `CLOUD_FOREST` alone. */
  forests: ReadonlySet<string>;
}

/**
 * Believes a record, or says why not. The signature is verified over the bytes as they came before anything of
 * the payload is read. What was believed before (sequence, password order, anchor) is the ledger's business.
 *
 * @param trust finds a confirmed key by the id that the record names
 * @throws Error only when `trust` gives something that is no public key
 */
export function verifyRecord(
  record: string,
  trust: (keyId: string) => TrustedSigner | undefined,
  expected: { tenant: string },
): { ok: true; record: AccountRecord | CredentialRecord } | Refused {
  const split = splitEnvelope(record);
  if (!split.ok) return split;
  const { envelope } = split;
  const signer = trust(envelope.signerKeyId);
  if (signer === undefined) return refused('unknown-signer', `key ${envelope.signerKeyId} is not confirmed`);
  if (!verifyBytes(signer.publicKey, envelope.signedBytes, envelope.signature))
    return refused('bad-signature');
  const decoded = decodeRecord(envelope);
  if (!decoded.ok) return decoded;
  const { tenant, forest } = decoded.record;
  if (tenant !== expected.tenant) return refused('other-tenant', `made for tenant '${tenant}'`);
  if (!signer.forests.has(forest)) {
    return refused('other-forest', `key ${envelope.signerKeyId} is not confirmed for forest '${forest}'`);
  }
  return decoded;
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
  /** Of credential records. */
  passwordOrder?: PasswordOrder;
}

/**
 * Reads a record without believing it, for whoever relays and indexes records. Undefined when it is not in the
 * documented format.
 */
export function peekRecord(record: string): RecordPeek | undefined {
  const split = splitEnvelope(record);
  const decoded = split.ok ? decodeRecord(split.envelope) : split;
  if (!decoded.ok) return undefined;
  const { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId } = decoded.record;
  const peek = { kind, tenant, forest, sourceAnchor, objectGuid, sequence, signerKeyId };
  return decoded.record.kind === 'credential'
    ? { ...peek, passwordOrder: decoded.record.passwordOrder }
    : peek;
}

function decodeRecord(envelope: Envelope): { ok: true; record: AccountRecord | CredentialRecord } | Refused {
  const { signerKeyId } = envelope;
  if (envelope.kind === 'account') {
    const decoded = decodePayload('account', envelope.payload);
    if (!decoded.ok) return decoded;
    const { version: _, ...fields } = decoded.payload;
    return { ok: true, record: { kind: 'account', signerKeyId, ...fields } };
  }
  const decoded = decodePayload('credential', envelope.payload);
  if (!decoded.ok) return decoded;
  const { version: _, ...fields } = decoded.payload;
  return { ok: true, record: { kind: 'credential', signerKeyId, ...fields } };
}
