import type { PasswordOrder, Verdict } from '@causeway/contract';
import { ageOf } from '@causeway/records';
import { sql } from 'kysely';
import { json } from '../database/json.ts';
import { type OrderColumns, orderOf } from '../people/password-order.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { SAME_SEQUENCE, storedRecords } from './stored-records.ts';
import { refused, retry } from './verdicts.ts';

/** A synchronized user whose password an item may set or withdraw. */
export interface Holder {
  id: string;
  source_anchor: string;
  object_guid: string;
  deleted: boolean;
  has_credential: boolean;
  /** The newest record withdraws the password. */
  withdrawn: boolean;
  /** Of the stored record. */
  credential_sequence: number | null;
  /** The newest one accepted, from any statement about the password. */
  password_sequence: number | null;
  /** The record with that sequence, if there is one; read only if an item has the same sequence. */
  record?: string | null | undefined;
  order: PasswordOrder | null;
}

/** The users of a forest with these anchors. Never those of another forest, nor cloud-only ones. */
export async function loadHolders(
  inside: TenantScope,
  forest: string,
  items: readonly { readonly anchor: string; readonly sequence: number | undefined }[],
): Promise<Holder[]> {
  const { rows } = await inside.run<Omit<Holder, 'order'> & OrderColumns>(
    tenantId => sql`
      select users.id, source_anchor, object_guid, deleted_at is not null as deleted,
        cloud_credential is not null as has_credential, credential_sequence, password_sequence,
        credential_record is not null and encapsulation_id is null as withdrawn,
        order_epoch, order_version, order_time, order_invocation_id
      from jsonb_array_elements_text(${json(items.map(({ anchor }) => anchor))}) as wanted
        join users on tenant_id = ${tenantId} and source_anchor = wanted and forest = ${forest}`,
  );
  const sequences = new Set(items.map(({ sequence }) => sequence));
  const same = rows.filter(({ credential_sequence, password_sequence }) => {
    return credential_sequence === password_sequence && sequences.has(password_sequence ?? undefined);
  });
  const records = await storedRecords(
    inside,
    'credential_record',
    same.map(({ id }) => id),
  );
  return rows.map(({ order_epoch, order_version, order_time, order_invocation_id, ...row }) => ({
    ...row,
    record: records.get(row.id) ?? null,
    order: orderOf({ order_epoch, order_version, order_time, order_invocation_id }),
  }));
}

/** What an item says of a user's password, as far as the decision needs it. */
export interface PasswordNews {
  readonly passwordOrder: PasswordOrder;
  readonly sequence: number | undefined;
  /** Of the record, if there is one. */
  readonly objectGuid: string | undefined;
  /** Null if there is none. */
  readonly record: string | null;
}

/** The user whose password an item may set or withdraw, or the verdict on the item. */
export function holderFor(anchor: string, holder: Holder | undefined, news: PasswordNews): Holder | Verdict {
  if (!holder || holder.deleted) {
    return retry(anchor, 'unknown-user', 'there is no such user (yet): export the object first');
  }
  if (news.objectGuid !== undefined && news.objectGuid !== holder.object_guid) {
    return refused(anchor, 'record-mismatch', 'the signed record says another objectGuid');
  }
  return refuseOlder(anchor, holder, news) ?? holder;
}

/**
 * INVARIANT: `ageOf`. A Connect of the first release sends passwords without a sequence. They count as older than a withdrawal of the same
 * order.
 */
function refuseOlder(anchor: string, holder: Holder, news: PasswordNews): Verdict | undefined {
  const newest = holder.password_sequence;
  const age = ageOf(news, { sequence: newest, passwordOrder: holder.order });
  if (age === 'older-sequence') return refused(anchor, age, `${news.sequence} is older than ${newest}`);
  const sameSequence = news.sequence !== undefined && news.sequence === newest;
  if (sameSequence && !(age === 'same' && news.record === holder.record))
    return refused(anchor, 'older-sequence', SAME_SEQUENCE);
  if (age === 'older-password-order')
    return refused(anchor, age, 'a newer password of this user is here already');
  if (age === 'same' && holder.withdrawn && !holder.has_credential && news.sequence === undefined)
    return refused(anchor, 'older-sequence', 'this password of the user was withdrawn');
  return undefined;
}
