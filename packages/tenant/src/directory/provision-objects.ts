import { randomUUID } from 'node:crypto';
import { EMPTY_PROFILE, ObjectChange, type Profile, type Verdict } from '@causeway/contract';
import { sql } from 'kysely';
import { accountKey } from '../digest.ts';
import type { Caller } from '../installation.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { json } from './change-counter.ts';
import { NO_LEGACY } from './cloud-records.ts';
import { provisionBatch } from './provision-batch.ts';
import { checkRecord } from './record-check.ts';
import { isUuid } from './users.ts';
import { applied, parseItems, refused, unchanged } from './verdicts.ts';

type Agent = Extract<Caller, { role: 'connect' | 'domain' }>;

/** What a batch has to know of a user, and what it leaves behind. */
interface Account {
  id: string;
  origin: 'synchronized' | 'cloud';
  source_anchor: string | null;
  forest: string | null;
  object_guid: string | null;
  user_principal_name: string;
  upn_key: string;
  account_sequence: number | null;
  deleted: boolean;
}

/** A row as it is written. `forget` drops the credential: of a deleted user, and when another object took over the anchor. */
interface Write extends Account {
  sam_account_name: string | null;
  security_identifier: string | null;
  account_enabled: boolean;
  account_expires: string | null;
  profile: Profile;
  account_record: string;
  changed_seq: number;
  forget: boolean;
  forget_order: boolean;
}

/**
 * Creates, updates and deletes synchronized users by source anchor. Idempotent; a verdict an item, in the order
 * of the items; one item's trouble is its own. Deciding is in memory, writing one statement a batch.
 */
export async function provisionObjects(
  agent: Agent,
  forest: string,
  items: readonly unknown[],
): Promise<Verdict[]> {
  const checked = parseItems(ObjectChange, items).map(item =>
    'verdict' in item ? item : (lieOf(item, agent, forest) ?? item),
  );
  return provisionBatch(agent.scope, checked, async (inside, work, nextChange) => {
    const accounts = await loadAccounts(inside, work);
    const plan = decideObjects(accounts, forest, work, nextChange);
    await write(inside, plan.writes, plan.renamed);
    return plan.verdicts;
  });
}

function lieOf(item: ObjectChange, agent: Agent, forest: string): Verdict | undefined {
  const said = checkRecord(item.record, {
    kind: 'account',
    tenant: agent.scope.tenantId,
    forest,
    sourceAnchor: item.sourceAnchor,
    sequence: item.sequence,
    signerKeyId: agent.signingKeyId,
    ...(item.operation === 'upsert' && { objectGuid: item.objectGuid }),
  });
  if (!('differs' in said)) return undefined;
  return refused(item.sourceAnchor, 'record-mismatch', `the signed record says another ${said.differs}`);
}

async function loadAccounts(inside: TenantScope, work: readonly ObjectChange[]): Promise<Account[]> {
  const anchors = work.map(item => item.sourceAnchor);
  const names = work.flatMap(item =>
    item.operation === 'upsert' ? [accountKey(item.userPrincipalName)] : [],
  );
  const columns = sql`users.id, origin, source_anchor, forest, object_guid, user_principal_name, upn_key,
    account_sequence, deleted_at is not null as deleted`;
  // Joins of few names to many users, one for each index: looked up name by name, however large the tenant is.
  const { rows } = await inside.run<Account>(
    tenantId => sql`
      select ${columns} from jsonb_array_elements_text(${json(anchors)}) as wanted
        join users on tenant_id = ${tenantId} and source_anchor = wanted
      union
      select ${columns} from jsonb_array_elements_text(${json(names)}) as wanted
        join users on tenant_id = ${tenantId} and upn_key = wanted and deleted_at is null
      union
      select ${columns} from jsonb_array_elements_text(${json(anchors.filter(isUuid))}) as wanted
        join users on tenant_id = ${tenantId} and users.id = wanted::uuid and origin = 'cloud'`,
  );
  return rows;
}

/**
 * Decides what each item does, in order, against the accounts as the items before it left them. Pure but for the
 * new users' identifiers.
 */
export function decideObjects(
  accounts: readonly Account[],
  forest: string,
  items: readonly ObjectChange[],
  nextChange: () => number,
): { verdicts: Verdict[]; writes: Write[]; renamed: string[] } {
  const byAnchor = new Map<string, Account>();
  const byName = new Map<string, string>();
  const cloudOnly = new Set<string>();
  for (const account of accounts) {
    if (account.origin === 'cloud') cloudOnly.add(account.id);
    if (account.source_anchor !== null) byAnchor.set(account.source_anchor, account);
    if (!account.deleted) byName.set(account.upn_key, account.id);
  }
  const writes = new Map<string, Write>();
  const renamed = new Set<string>();

  const decide = (item: ObjectChange): Verdict => {
    const anchor = item.sourceAnchor;
    const before = byAnchor.get(anchor);
    if (cloudOnly.has(anchor)) {
      return refused(anchor, 'not-synchronized', 'this is a cloud-only user: no forest has a say in it');
    }
    if (before && before.forest !== forest) {
      return refused(anchor, 'other-forest', `this user belongs to the forest '${before.forest}'`);
    }
    if (before?.account_sequence != null) {
      if (item.sequence < before.account_sequence) {
        return refused(anchor, 'older-sequence', `${item.sequence} is older than ${before.account_sequence}`);
      }
      if (item.sequence === before.account_sequence) return unchanged(anchor);
    }
    if (item.operation === 'delete' && !before) return unchanged(anchor);
    const key = item.operation === 'upsert' ? accountKey(item.userPrincipalName) : before!.upn_key;
    const id = before?.id ?? randomUUID();
    if (item.operation === 'upsert') {
      const owner = byName.get(key);
      if (owner !== undefined && owner !== id) {
        return refused(
          anchor,
          'attribute-value-must-be-unique',
          `userPrincipalName '${item.userPrincipalName}' belongs to another user`,
        );
      }
    }
    const after: Account = {
      id,
      origin: 'synchronized',
      source_anchor: anchor,
      forest,
      object_guid: item.operation === 'upsert' ? item.objectGuid : before!.object_guid,
      user_principal_name: item.operation === 'upsert' ? item.userPrincipalName : before!.user_principal_name,
      upn_key: key,
      account_sequence: item.sequence,
      deleted: item.operation === 'delete',
    };
    if (before && !before.deleted) byName.delete(before.upn_key);
    if (before && before.upn_key !== key) renamed.add(id);
    if (!after.deleted) byName.set(key, id);
    byAnchor.set(anchor, after);
    const anotherObject = before !== undefined && before.object_guid !== after.object_guid;
    const earlier = writes.get(id);
    writes.set(id, {
      ...after,
      ...describe(item),
      account_record: item.record,
      changed_seq: nextChange(),
      forget: after.deleted || anotherObject || earlier?.forget === true,
      forget_order: anotherObject || earlier?.forget_order === true,
    });
    return applied(anchor);
  };
  const verdicts = items.map(decide);
  return { verdicts, writes: [...writes.values()], renamed: [...renamed] };
}

function describe(
  item: ObjectChange,
): Pick<
  Write,
  'sam_account_name' | 'security_identifier' | 'account_enabled' | 'account_expires' | 'profile'
> {
  if (item.operation === 'delete') {
    return {
      sam_account_name: null,
      security_identifier: null,
      account_enabled: false,
      account_expires: null,
      profile: EMPTY_PROFILE,
    };
  }
  return {
    sam_account_name: item.onPremisesSamAccountName,
    security_identifier: item.onPremisesSecurityIdentifier,
    account_enabled: item.accountEnabled,
    account_expires: item.accountExpires,
    profile: item.profile,
  };
}

async function write(inside: TenantScope, rows: readonly Write[], renamed: readonly string[]): Promise<void> {
  if (rows.length === 0) return;
  if (renamed.length > 0) {
    // Names may pass from one user of the batch to another: let go of all before any is taken.
    await inside.update('users').set({ upn_key: sql`id::text` }).where('id', 'in', renamed).execute();
  }
  await inside.run(
    tenantId => sql`
      insert into users (tenant_id, id, origin, forest, source_anchor, object_guid, user_principal_name, upn_key,
        sam_account_name, security_identifier, account_enabled, account_expires, profile, administrator,
        account_sequence, account_record, account_received_at, changed_seq, news_seq, created_at, deleted_at)
      select ${tenantId}, r.id, r.origin, r.forest, r.source_anchor, r.object_guid, r.user_principal_name, r.upn_key,
        r.sam_account_name, r.security_identifier, r.account_enabled, r.account_expires, r.profile, false,
        r.account_sequence, r.account_record, now(), r.changed_seq, r.changed_seq, now(), case when r.deleted then now() end
      from jsonb_to_recordset(${json(rows)}) as r (id uuid, origin text, forest text, source_anchor text,
        object_guid uuid, user_principal_name text, upn_key text, sam_account_name text, security_identifier text,
        account_enabled boolean, account_expires timestamptz, profile jsonb, account_sequence bigint,
        account_record text, changed_seq bigint, deleted boolean)
      on conflict (tenant_id, id) do update set
        object_guid = excluded.object_guid,
        user_principal_name = excluded.user_principal_name,
        upn_key = excluded.upn_key,
        sam_account_name = coalesce(excluded.sam_account_name, users.sam_account_name),
        security_identifier = coalesce(excluded.security_identifier, users.security_identifier),
        account_enabled = excluded.account_enabled,
        account_expires = excluded.account_expires,
        profile = case when excluded.deleted_at is null then excluded.profile else users.profile end,
        account_sequence = excluded.account_sequence,
        account_record = excluded.account_record,
        account_received_at = excluded.account_received_at,
        account_outcome = null,
        account_reason = null,
        changed_seq = excluded.changed_seq,
        news_seq = excluded.news_seq,
        deleted_at = case when excluded.deleted_at is null then null else coalesce(users.deleted_at, excluded.deleted_at) end`,
  );
  await forget(inside, rows);
}

/** The password order stays when a user is deleted: one that comes back must not bring an older password. */
async function forget(inside: TenantScope, rows: readonly Write[]): Promise<void> {
  const ids = rows.filter(row => row.forget).map(row => row.id);
  if (ids.length === 0) return;
  await inside
    .update('users')
    .set({
      cloud_credential: null,
      credential_change_date: null,
      credential_received_at: null,
      ...NO_LEGACY,
    })
    .where('id', 'in', ids)
    .execute();
  const others = rows.filter(row => row.forget_order).map(row => row.id);
  if (others.length === 0) return;
  await inside
    .update('users')
    .set({ order_version: null, order_time: null, order_invocation_id: null })
    .where('id', 'in', others)
    .execute();
}
