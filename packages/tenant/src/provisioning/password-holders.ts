import type { PasswordOrder, Verdict } from '@causeway/contract';
import { ageOf } from '@causeway/records';
import { sql } from 'kysely';
import { json } from '../database/json.ts';
import { type OrderColumns, orderOf } from '../people/password-order.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { refused, retry } from './verdicts.ts';

/** A synchronized user whose password is to be set or taken away. */
export interface Holder {
  id: string;
  source_anchor: string;
  object_guid: string;
  deleted: boolean;
  has_credential: boolean;
  /** Its newest record takes its password away. */
  withdrawn: boolean;
  /** Of the record that is kept. */
  credential_sequence: number | null;
  /** The newest that was believed, of whatever said something of the password. */
  password_sequence: number | null;
  order: PasswordOrder | null;
}

/** The users of a forest that have these anchors: another forest's, or a cloud-only one, is never among them. */
export async function loadHolders(
  inside: TenantScope,
  forest: string,
  anchors: readonly string[],
): Promise<Holder[]> {
  const { rows } = await inside.run<Omit<Holder, 'order'> & OrderColumns>(
    tenantId => sql`
      select users.id, source_anchor, object_guid, deleted_at is not null as deleted,
        cloud_credential is not null as has_credential, credential_sequence, password_sequence,
        credential_record is not null and encapsulation_id is null as withdrawn,
        order_epoch, order_version, order_time, order_invocation_id
      from jsonb_array_elements_text(${json(anchors)}) as wanted
        join users on tenant_id = ${tenantId} and source_anchor = wanted and forest = ${forest}`,
  );
  return rows.map(({ order_epoch, order_version, order_time, order_invocation_id, ...row }) => ({
    ...row,
    order: orderOf({ order_epoch, order_version, order_time, order_invocation_id }),
  }));
}

/** What an item says of a user's password, as far as it decides whether it may. */
export interface PasswordNews {
  readonly passwordOrder: PasswordOrder;
  readonly sequence: number | undefined;
  /** Of the record, where there is one. */
  readonly objectGuid: string | undefined;
}

/** The user whose password an item may set or take away, or the verdict on the item. */
export function holderFor(anchor: string, holder: Holder | undefined, news: PasswordNews): Holder | Verdict {
  if (!holder || holder.deleted) {
    return retry(anchor, 'unknown-user', 'there is no such user (yet): export the object first');
  }
  if (news.objectGuid !== undefined && news.objectGuid !== holder.object_guid) {
    return refused(anchor, 'record-mismatch', 'the signed record says another objectGuid');
  }
  return refuseOlder(anchor, holder, news) ?? holder;
}

/** INVARIANT: `ageOf`. A Connect of the first release sends passwords without a sequence: those are older than a withdrawal of their order. */
function refuseOlder(anchor: string, holder: Holder, news: PasswordNews): Verdict | undefined {
  const newest = holder.password_sequence;
  const age = ageOf(news, { sequence: newest, passwordOrder: holder.order });
  if (age === 'older-sequence') return refused(anchor, age, `${news.sequence} is older than ${newest}`);
  if (age === 'older-password-order')
    return refused(anchor, age, 'a newer password of this user is here already');
  if (age === 'same' && holder.withdrawn && !holder.has_credential && news.sequence === undefined)
    return refused(anchor, 'older-sequence', 'this password of the user was withdrawn');
  return undefined;
}
