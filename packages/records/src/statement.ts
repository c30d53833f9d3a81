import { signEnvelope } from './envelope.ts';
import { encodePayload } from './payload.ts';
import {
  type Head,
  type HeadFields,
  MAX_RECEIPT_LENGTH,
  RECORD_VERSION,
  type Receipt,
  type ReceiptFields,
} from './record.ts';
import type { Refused } from './refusal.ts';
import type { SigningKey } from './signing-key.ts';
import { peekSigned, type TrustedSigner, verifySigned } from './verify.ts';

type Trust = (keyId: string) => TrustedSigner | undefined;

/** @throws RangeError that names the field which is not as documented */
export function signHead(key: SigningKey, fields: HeadFields): string {
  const { tenant, forest, sequence, time, accounts, credentials, buckets } = fields;
  const head = { version: RECORD_VERSION, tenant, forest, sequence, time, accounts, credentials, buckets };
  return signEnvelope(key, 'head', encodePayload('head', head));
}

/** @throws RangeError that names the field which is not as documented */
export function signReceipt(key: SigningKey, fields: ReceiptFields): string {
  const { tenant, forest, sequence, time, headSequence, headTime, completeAsOf, alarmSince } = fields;
  const { accounts, credentials, differing, listed, entries, notWritten } = fields;
  const payload = encodePayload('receipt', {
    ...{ version: RECORD_VERSION, tenant, forest, sequence, time, headSequence, headTime },
    ...{ completeAsOf, alarmSince, accounts, credentials, differing, listed, entries, notWritten },
  });
  return signEnvelope(key, 'receipt', payload, MAX_RECEIPT_LENGTH);
}

/** Believes a head, or says why not, as `verifyRecord` does. Whether it is the newest is the reader's business. */
export function verifyHead(
  head: string,
  trust: Trust,
  expected: { tenant: string },
): { ok: true; head: Head } | Refused {
  const verified = verifySigned(head, ['head'], trust, expected);
  return verified.ok ? { ok: true, head: verified.signed } : verified;
}

export function verifyReceipt(
  receipt: string,
  trust: Trust,
  expected: { tenant: string },
): { ok: true; receipt: Receipt } | Refused {
  const verified = verifySigned(receipt, ['receipt'], trust, expected, MAX_RECEIPT_LENGTH);
  return verified.ok ? { ok: true, receipt: verified.signed } : verified;
}

/** Reads a head without believing it, for whoever relays it; undefined when it is not in the documented format. */
export function peekHead(head: string): Head | undefined {
  return peekSigned(head, ['head']);
}

export function peekReceipt(receipt: string): Receipt | undefined {
  return peekSigned(receipt, ['receipt'], MAX_RECEIPT_LENGTH);
}
