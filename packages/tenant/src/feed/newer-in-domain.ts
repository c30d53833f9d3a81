import { MAX_NEWER, type NewerInDomain, type TenantStatus } from '@causeway/contract';
import { CLOUD_FOREST, verifyReceipt } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { type RawBuilder, sql } from 'kysely';
import { json } from '../database/json.ts';
import { confirmedDomain } from '../people/domain-confirmation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/**
 * For a row that says what the managed domain has. An account record is signed after its password, so its sequence is the user's largest.
 * For a user without a sealed password, the managed domain keeps the last one, disabled.
 */
const isNewer = (there: 'said' | 'known'): RawBuilder<boolean> => {
  const [account, credential] = [
    sql.ref(`${there}.account_sequence`),
    sql.ref(`${there}.credential_sequence`),
  ];
  return sql`(${account} > coalesce(users.account_sequence, 0) or ${credential} > users.credential_sequence)`;
};

const IS_THERE = sql`users.origin = 'cloud' and users.deleted_at is null`;

/**
 * Takes the managed domain's receipt about cloud-only users. If it has something newer of a user, this database has lost it, and the user's
 * sessions and tokens end. INVARIANT: that happens once per newer thing, and disables no user. What a receipt says stays true, because the
 * tenant signed it once: so an old receipt that is shown again ends nothing, and lists no user who was corrected since.
 * @returns the names of users whose sessions ended; none before an administrator has confirmed the managed domain's keys
 * @throws CausewayError 'statement-mismatch' if the confirmed key did not sign it for cloud-only users of this tenant
 */
export async function takeNewerInDomain(scope: TenantScope, text: string): Promise<string[]> {
  return scope.transaction(async inside => {
    const domain = await confirmedDomain(inside);
    if (!domain) return [];
    const signer = { publicKey: domain.receipt_key.publicKey, forests: new Set([CLOUD_FOREST]) };
    const verified = verifyReceipt(text, () => signer, { tenant: inside.tenantId });
    if (!verified.ok)
      throw new CausewayError('statement-mismatch', `the receipt is not believed: ${verified.detail}`);
    const found = await keepNewer(inside, verified.receipt.older ?? []);
    if (found.length === 0) return [];
    const ids = found.map(({ user_id }) => user_id);
    await inside.delete('tokens').where('user_id', 'in', ids).execute();
    const ended = await inside
      .update('users')
      .set(({ eb }) => ({ session_epoch: eb('session_epoch', '+', 1) }))
      .where('id', 'in', ids)
      .returning('user_principal_name')
      .execute();
    return ended.map(({ user_principal_name: name }) => name).sort();
  });
}

type Older = readonly (readonly [id: string, account: number, credential: number, deleted: boolean])[];

/** @returns users for whom this is news */
async function keepNewer(inside: TenantScope, older: Older): Promise<{ user_id: string }[]> {
  const said = older.map(([id, account_sequence, credential_sequence, deleted]) => ({
    ...{ id, account_sequence, credential_sequence, deleted },
  }));
  const { rows } = await inside.run<{ user_id: string }>(
    tenantId => sql`
      insert into newer_in_domain as known (tenant_id, user_id, account_sequence, credential_sequence, deleted, found_at)
      select distinct on (users.id) tenant_id, users.id, said.account_sequence, said.credential_sequence, said.deleted, ${inside.now()}::timestamptz
        from users join jsonb_to_recordset(${json(said)})
          as said (id uuid, account_sequence bigint, credential_sequence bigint, deleted boolean) on said.id = users.id
        where tenant_id = ${tenantId} and ${IS_THERE} and ${isNewer('said')}
        order by users.id, said.account_sequence desc
      on conflict (tenant_id, user_id) do update set account_sequence = excluded.account_sequence,
          credential_sequence = excluded.credential_sequence, deleted = excluded.deleted, found_at = excluded.found_at
        where excluded.account_sequence > known.account_sequence or excluded.credential_sequence > known.credential_sequence
      returning user_id`,
  );
  return rows;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly what: NewerInDomain['what'];
  readonly found_at: Date;
  readonly count: number;
}

/** Users of whom the managed domain has something newer than all that was signed here since; undefined when there are none. */
export async function readNewerInDomain(scope: TenantScope): Promise<TenantStatus['newerInDomain']> {
  const { rows } = await scope.run<Row>(
    tenantId => sql`
      select users.id, user_principal_name as name, found_at, count(*) over () as count,
          case when known.deleted then 'deleted'
            when known.credential_sequence > coalesce(users.credential_sequence, 0) then 'password' else 'account' end as what
        from newer_in_domain as known join users on users.tenant_id = known.tenant_id and users.id = user_id
        where known.tenant_id = ${tenantId} and ${IS_THERE} and ${isNewer('known')}
        order by upn_key limit ${MAX_NEWER}`,
  );
  if (rows.length === 0) return undefined;
  const people = rows.map(({ id, name, what, found_at }) => ({
    ...{ id, userPrincipalName: name, what, foundAt: found_at.toISOString() },
  }));
  return { count: rows[0]!.count, people };
}
