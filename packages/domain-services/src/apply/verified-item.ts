import { hash } from 'node:crypto';
import type { FeedItem } from '@causeway/contract';
import {
  type AccountRecord,
  type CredentialRecord,
  peekRecord,
  type RecordKind,
  type Refusal,
  verifyRecord,
  type WithdrawalRecord,
} from '@causeway/records';
import type { Trust } from '../pairing/trust.ts';
import { type Person, personOf } from '../person.ts';

/** A record that is believed, with the digest of its text. Another text is another record, whatever its sequence. */
export type Believed<R> = R & { readonly digest: string };

/** A record of the feed, believed or not. */
export type Verified<R> =
  | { ok: true; record: Believed<R> }
  /** `sequence` is what the record claims. It is for the report only, and not believed. */
  | { ok: false; refusal: Refusal; detail: string; sequence: number; digest: string };

/** A user of the feed with what their records say. Everything else in it is the tenant's word. */
export interface VerifiedItem {
  person: Person;
  origin: FeedItem['origin'];
  profile: FeedItem['profile'];
  account: Verified<AccountRecord> | null;
  /** A withdrawal may stand in the place of a credential. */
  credential: Verified<CredentialRecord | WithdrawalRecord> | null;
}

/** Checks the signatures of a user's records, and that each has the right kind and was made for this tenant. */
export function verifyItem(item: FeedItem, trust: Trust, tenant: string): VerifiedItem {
  const verify = <R>(kinds: readonly RecordKind[], jws: string | null): Verified<R> | null => {
    if (jws === null) return null;
    const result = verifyRecord(jws, trust, { tenant });
    const digest = hash('sha256', jws, 'base64url');
    const sequence = (): number => peekRecord(jws)?.sequence ?? 0;
    if (!result.ok) return { ...result, sequence: sequence(), digest };
    if (kinds.includes(result.record.kind)) return { ok: true, record: { ...(result.record as R), digest } };
    const detail = `${kinds.join(' or ')} record expected, a ${result.record.kind} record came`;
    return { ok: false, refusal: 'wrong-kind', detail, sequence: sequence(), digest };
  };
  return {
    person: personOf(item),
    origin: item.origin,
    profile: item.profile,
    account: verify<AccountRecord>(['account'], item.accountRecord),
    credential: verify<CredentialRecord | WithdrawalRecord>(
      ['credential', 'withdrawal'],
      item.credentialRecord,
    ),
  };
}
