import { hash } from 'node:crypto';
import type { GroupFeedItem } from '@causeway/contract';
import {
  type AnyGroupRecord,
  type GroupRecord,
  type MembersRecord,
  peekGroupRecord,
  verifyGroupRecord,
} from '@causeway/records';
import type { Believed, Verified } from '../apply/verified-item.ts';
import type { Trust } from '../pairing/trust.ts';
import { type Person, personOf } from '../person.ts';

/** What the feed shows for a group, with its verified record. Which group it is for is the tenant's claim. */
export interface VerifiedGroupItem {
  group: Person;
  /** `members`: a slice. If the record is not believed, this is what it claims to be. */
  kind: 'group' | 'members';
  /** The prefix of a slice; '' for a group. */
  prefix: string;
  record: Verified<GroupRecord> | Verified<MembersRecord>;
}

/** Checks the signature of an item that the feed shows for a group, and that it was made for this tenant. */
export function verifyGroupItem(item: GroupFeedItem, trust: Trust, tenant: string): VerifiedGroupItem {
  const group = personOf(item);
  const result = verifyGroupRecord(item.record, trust, { tenant });
  const digest = hash('sha256', item.record, 'base64url');
  if (!result.ok) {
    const said = peekGroupRecord(item.record);
    const [kind, prefix] = [said?.kind ?? 'group', prefixOf(said)];
    return { group, kind, prefix, record: { ...result, sequence: said?.sequence ?? 0, digest } };
  }
  const record: Believed<AnyGroupRecord> = { ...result.record, digest };
  const { kind } = record;
  return {
    group,
    kind,
    prefix: prefixOf(record),
    record: { ok: true, record } as VerifiedGroupItem['record'],
  };
}

const prefixOf = (record: AnyGroupRecord | undefined): string =>
  record?.kind === 'members' ? record.prefix : '';
