import { CausewayError } from '@causeway/service';
import { type Kysely, sql } from 'kysely';
import { LINE_DIGESTS } from './line-digests.ts';
import { makeNameKeys } from './make-name-keys.ts';
import type { Schema } from './schema.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
  /** For what SQL cannot express. */
  readonly program?: (database: Kysely<Schema>) => Promise<void>;
}

/** Numbered and in order. A released migration never changes: a later change is a further migration. */
const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'first cut',
    statements: [
      `create table tenants (
        id uuid primary key,
        name text not null unique,
        keys jsonb not null,
        created_at timestamptz not null)`,
      `create table change_counters (
        tenant_id uuid primary key references tenants,
        value bigint not null)`,
      `create table users (
        tenant_id uuid not null references tenants,
        id uuid not null,
        origin text not null check (origin in ('synchronized', 'cloud')),
        forest text,
        source_anchor text,
        object_guid uuid,
        user_principal_name text not null,
        upn_key text not null,
        sam_account_name text,
        security_identifier text,
        account_enabled boolean not null,
        account_expires timestamptz,
        profile jsonb not null,
        administrator boolean not null,
        account_sequence bigint,
        account_record text,
        account_received_at timestamptz,
        cloud_credential text,
        credential_change_date timestamptz,
        credential_received_at timestamptz,
        order_version bigint,
        order_time bigint,
        order_invocation_id uuid,
        credential_sequence bigint,
        credential_record text,
        credential_record_received_at timestamptz,
        changed_seq bigint,
        created_at timestamptz not null,
        deleted_at timestamptz,
        legacy_sequence bigint,
        legacy_outcome text,
        legacy_reason text,
        legacy_reported_at timestamptz,
        legacy_applied_at timestamptz,
        account_outcome text,
        account_reason text,
        primary key (tenant_id, id),
        check ((origin = 'synchronized') = (source_anchor is not null and forest is not null)))`,
      // Signed and sealed text does not compress.
      'alter table users alter column account_record set storage external',
      'alter table users alter column credential_record set storage external',
      'create unique index users_by_anchor on users (tenant_id, source_anchor)',
      'create unique index users_by_name on users (tenant_id, upn_key) where deleted_at is null',
      'create unique index users_by_change on users (tenant_id, changed_seq)',
      `create table tokens (
        tenant_id uuid not null references tenants,
        digest text not null unique,
        user_id uuid not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        primary key (tenant_id, digest),
        foreign key (tenant_id, user_id) references users)`,
      `create table enrolments (
        tenant_id uuid not null references tenants,
        code_digest text not null unique,
        kind text not null check (kind in ('connect', 'domain')),
        name text not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        primary key (tenant_id, code_digest))`,
      `create table agents (
        tenant_id uuid not null references tenants,
        id uuid not null,
        kind text not null check (kind in ('connect', 'domain')),
        name text not null,
        version text not null,
        jwk jsonb not null,
        signing_key jsonb,
        enrolled_at timestamptz not null,
        last_seen_at timestamptz,
        primary key (tenant_id, id))`,
      `create table applications (
        tenant_id uuid not null references tenants,
        client_id text not null,
        name text not null,
        redirect_uris jsonb not null,
        created_at timestamptz not null,
        primary key (tenant_id, client_id))`,
      `create table oidc_payloads (
        tenant_id uuid not null references tenants,
        model text not null,
        id_digest text not null,
        payload jsonb not null,
        client_id text,
        grant_id text,
        uid text,
        expires_at timestamptz,
        primary key (tenant_id, model, id_digest))`,
      'create index oidc_payloads_by_id on oidc_payloads (id_digest)',
      'create index oidc_payloads_by_grant on oidc_payloads (tenant_id, grant_id)',
      'create index oidc_payloads_by_uid on oidc_payloads (tenant_id, uid)',
      'create index oidc_payloads_by_end on oidc_payloads (tenant_id, expires_at)',
      `create table managed_domains (
        tenant_id uuid primary key references tenants,
        realm text not null,
        netbios_domain text not null,
        key jsonb not null,
        agent_id uuid not null,
        registered_at timestamptz not null)`,
      `create table connect_statuses (
        tenant_id uuid not null references tenants,
        forest text not null,
        agent_id uuid not null,
        agent_name text not null,
        reported_at timestamptz not null,
        last_object_cycle_at timestamptz,
        last_password_cycle_at timestamptz,
        queued bigint not null,
        owed bigint not null,
        quarantined bigint not null,
        primary key (tenant_id, forest))`,
      `create table sign_in_failures (
        tenant_id uuid not null references tenants,
        account_key text not null,
        source text not null,
        failures integer not null,
        wrong jsonb not null,
        locks integer not null,
        locked_until timestamptz,
        updated_at timestamptz not null,
        primary key (tenant_id, account_key, source))`,
      'create index sign_in_failures_by_age on sign_in_failures (tenant_id, updated_at)',
    ],
  },
  {
    number: 2,
    name: 'the forests of a Connect',
    statements: [
      `alter table enrolments add column forests jsonb not null default '[]'`,
      `alter table agents add column forests jsonb not null default '[]'`,
      // A Connect that enrolled earlier keeps the forests that it has provisioned so far.
      `update agents set forests = known.forests
        from (select tenant_id, agent_id, jsonb_agg(forest order by forest) as forests
          from connect_statuses group by tenant_id, agent_id) as known
        where known.tenant_id = agents.tenant_id and known.agent_id = agents.id`,
    ],
  },
  {
    number: 3,
    name: 'cloud-only users, group members',
    statements: [
      'alter table users add column mail_nickname text',
      'alter table users add column must_change boolean not null default false',
      `update users set mail_nickname = split_part(user_principal_name, '@', 1) where origin = 'cloud'`,
      `create table signing_keys (
        tenant_id uuid primary key references tenants,
        private_key text not null,
        created_at timestamptz not null)`,
      `create table group_members (
        tenant_id uuid not null references tenants,
        group_name text not null,
        user_id uuid not null,
        added_at timestamptz not null,
        primary key (tenant_id, group_name, user_id),
        foreign key (tenant_id, user_id) references users)`,
    ],
  },
  {
    number: 4,
    name: 'heads and receipts',
    statements: [
      'alter table managed_domains add column receipt_key jsonb not null',
      `create table statements (
        tenant_id uuid not null references tenants,
        forest text not null,
        kind text not null check (kind in ('head', 'receipt')),
        statement text not null,
        received_at timestamptz not null,
        primary key (tenant_id, kind, forest))`,
    ],
  },
  {
    number: 5,
    name: 'what is new goes before what is sent again',
    statements: [
      'alter table users add column news_seq bigint',
      'update users set news_seq = changed_seq',
      'drop index users_by_change',
      // Not unique: a forced pass leaves many versions of a row under one number, and each write would look through them.
      'create index users_by_news on users (tenant_id, news_seq)',
      'create index users_sent_again on users (tenant_id, changed_seq) where news_seq is distinct from changed_seq',
    ],
  },
  {
    number: 6,
    name: 'the encapsulation of a batch is stored once',
    statements: [
      `create table encapsulations (
        tenant_id uuid not null references tenants,
        id bigint not null,
        encapsulation text not null,
        primary key (tenant_id, id))`,
      'alter table users add column encapsulation_id bigint',
      // The managed domain already has records of version 1. A new one asks for a forced full password sync.
      `update users set credential_record = null, credential_record_received_at = null, credential_sequence = null`,
    ],
  },
  {
    number: 7,
    name: 'state before names',
    statements: [
      'alter table users add column sign_in_name text',
      'alter table users add column wanted_key text',
      'alter table users add column wanted_since bigint not null default 0',
      'alter table users add column name_problem text',
      'update users set sign_in_name = user_principal_name where deleted_at is null',
      'update users set wanted_since = coalesce(changed_seq, 0)',
      `create table reserved_names (
        tenant_id uuid not null references tenants,
        name_key text not null,
        forest text not null,
        until timestamptz not null,
        primary key (tenant_id, name_key))`,
      'create index users_by_wanted_name on users (tenant_id, wanted_key) where deleted_at is null',
    ],
    // The keys need a table of characters that no database has.
    program: makeNameKeys,
  },
  {
    number: 8,
    name: 'withdrawals',
    statements: [
      'alter table users add column password_sequence bigint',
      'update users set password_sequence = credential_sequence',
      'alter table agents add column accepts jsonb',
    ],
  },
  {
    number: 9,
    name: 'names that are two users in two places, as an administrator has seen',
    statements: [
      `create table seen_names (
        tenant_id uuid not null references tenants,
        name_key text not null,
        here uuid not null,
        there uuid not null,
        seen_at timestamptz not null,
        primary key (tenant_id, name_key, here, there))`,
    ],
  },
  {
    number: 10,
    name: 'sessions that end for good, blocks, and what administrators can list and revoke',
    statements: [
      `alter table users
        add column session_epoch bigint not null default 0,
        add column blocked_at timestamptz`,
      // INVARIANT: whatever ends a user's sessions moves the epoch, whoever writes it. A session of another epoch does not count.
      `create function causeway_end_sessions() returns trigger language plpgsql as $$
        begin
          new.session_epoch := old.session_epoch + 1;
          return new;
        end $$`,
      `create trigger users_end_sessions before update on users for each row when (
          (old.account_enabled and not new.account_enabled)
          or (old.deleted_at is null and new.deleted_at is not null)
          or (old.blocked_at is null and new.blocked_at is not null)
          or old.cloud_credential is distinct from new.cloud_credential
          or old.order_version is distinct from new.order_version
          or old.order_time is distinct from new.order_time
          or old.order_invocation_id is distinct from new.order_invocation_id
          or (old.account_expires is distinct from new.account_expires
            and (old.account_expires <= now() or new.account_expires <= now())))
        execute function causeway_end_sessions()`,
      'alter table tokens add column id uuid not null default gen_random_uuid()',
      `alter table applications
        add column secret_digest text,
        add column post_logout_redirect_uris jsonb not null default '[]'`,
    ],
  },
  {
    number: 11,
    name: 'keys of the managed domain that an administrator confirmed',
    statements: [
      // Nobody has compared the keys of an earlier domain.
      `alter table managed_domains
        add column confirmed_fingerprint text,
        add column confirmed_at timestamptz,
        add column confirmed_by uuid`,
    ],
  },
  {
    number: 12,
    name: 'a synchronized user is forest and anchor',
    statements: [
      'drop index users_by_anchor',
      // The anchor comes first: administrators search by it alone.
      'create unique index users_by_anchor on users (tenant_id, source_anchor, forest)',
    ],
  },
  {
    number: 13,
    name: 'whose place an agent may take that enrols',
    statements: [`alter table enrolments add column replaces jsonb not null default '[]'`],
  },
  {
    number: 14,
    name: 'whether an account has expired is asked of the time that its record came',
    statements: [
      // An expiry that changes without a record has no time, and counts as a revocation.
      `create or replace trigger users_end_sessions before update on users for each row when (
          (old.account_enabled and not new.account_enabled)
          or (old.deleted_at is null and new.deleted_at is not null)
          or (old.blocked_at is null and new.blocked_at is not null)
          or old.cloud_credential is distinct from new.cloud_credential
          or old.order_version is distinct from new.order_version
          or old.order_time is distinct from new.order_time
          or old.order_invocation_id is distinct from new.order_invocation_id
          or (old.account_expires is distinct from new.account_expires
            and (old.account_expires <= new.account_received_at or new.account_expires <= new.account_received_at
              or new.account_record is not distinct from old.account_record)))
        execute function causeway_end_sessions()`,
    ],
  },
  {
    number: 15,
    name: 'password orders of forests that were restored',
    statements: ['alter table users add column order_epoch bigint not null default 0'],
  },
  {
    number: 16,
    name: 'digests of what Connect compares',
    statements: LINE_DIGESTS,
  },
  {
    number: 17,
    name: 'epochs of changes, and changes that were lost',
    statements: [
      'alter table change_counters add column changed_at timestamptz',
      `create table epochs (
        tenant_id uuid not null references tenants,
        number bigint not null,
        id text not null,
        generation text not null,
        began bigint not null,
        begun_at timestamptz not null,
        changed_at timestamptz,
        primary key (tenant_id, number),
        unique (tenant_id, id))`,
      `create table losses (
        tenant_id uuid not null references tenants,
        id text not null,
        ended jsonb not null,
        since timestamptz,
        until timestamptz not null,
        found_at timestamptz not null,
        found_by text not null,
        seen_at timestamptz,
        seen_by uuid,
        primary key (tenant_id, id))`,
    ],
  },
  {
    number: 18,
    name: 'cloud-only users of whom the managed domain has something newer',
    statements: [
      `create table newer_in_domain (
        tenant_id uuid not null references tenants,
        user_id uuid not null,
        account_sequence bigint not null,
        credential_sequence bigint not null,
        deleted boolean not null,
        found_at timestamptz not null,
        primary key (tenant_id, user_id))`,
    ],
  },
  {
    number: 19,
    name: 'groups, and who is in them',
    statements: [
      `create table groups (
        tenant_id uuid not null references tenants,
        id uuid not null,
        origin text not null check (origin in ('synchronized', 'cloud')),
        forest text,
        source_anchor text collate "C" not null,
        object_guid uuid,
        display_name text,
        sam_account_name text,
        mail text,
        security_identifier text,
        security_enabled boolean not null,
        scope text,
        sequence bigint,
        deleted_sequence bigint,
        record text,
        first_seq bigint,
        changed_seq bigint,
        received_at timestamptz,
        created_at timestamptz not null,
        deleted_at timestamptz,
        primary key (tenant_id, id))`,
      `create unique index groups_by_anchor on groups (tenant_id, source_anchor, coalesce(forest, ''))`,
      'create index groups_first on groups (tenant_id, first_seq)',
      'create index groups_changed on groups (tenant_id, changed_seq)',
      'create index groups_deleted on groups (tenant_id, forest, deleted_sequence) where deleted_sequence is not null',
      `create table group_slices (
        tenant_id uuid not null,
        group_id uuid not null,
        prefix text collate "C" not null,
        sequence bigint not null,
        record text not null,
        changed_seq bigint not null,
        primary key (tenant_id, group_id, prefix),
        foreign key (tenant_id, group_id) references groups)`,
      'create index group_slices_changed on group_slices (tenant_id, changed_seq)',
      // The key is derived from the reference, and finds the members of a slice.
      `create table memberships (
        tenant_id uuid not null,
        group_id uuid not null,
        key text collate "C" not null,
        reference text collate "C" not null,
        primary key (tenant_id, group_id, key, reference))`,
      'create index memberships_by_reference on memberships (tenant_id, reference)',
      // The bits of a key, in the form of a prefix.
      `create function causeway_bits(key text) returns text language sql stable parallel safe as $$
        select (('x' || substr(key, 1, 8))::bit(32))::text $$`,
      // Slices from before a deletion do not count for a user who comes back.
      'alter table users add column deleted_sequence bigint',
      `update users set deleted_sequence = account_sequence where deleted_at is not null and origin = 'synchronized'`,
      `create index users_deleted on users (tenant_id, forest, deleted_sequence) where deleted_sequence is not null`,
      // Each member that a SID names needs a look-up of its holder.
      `create index users_by_security_identifier on users (security_identifier, tenant_id) where deleted_at is null`,
      `create index groups_by_security_identifier on groups (security_identifier, tenant_id) where deleted_at is null`,
      `alter table applications
        add column groups_claim text check (groups_claim in ('ids', 'names')),
        add column for_group uuid`,
    ],
  },
  {
    number: 20,
    name: 'what became of groups and their members in the managed domain',
    statements: [
      `alter table groups
        add column group_outcome text,
        add column group_reason text,
        add column group_reported_at timestamptz,
        add column members_outcome text,
        add column members_reason text,
        add column members_reported_at timestamptz`,
    ],
  },
  {
    number: 21,
    name: 'Connects that stage, and codes that promote them',
    statements: [
      'alter table agents add column staging boolean not null default false',
      `alter table enrolments
        add column staging boolean not null default false,
        add column agent_id uuid`,
    ],
  },
];

/** Any number that no other program on the same database uses: 'causeway' folded. */
const MIGRATION_LOCK = 0x63_61_75_73;

/**
 * Brings the database to this program's version. Several processes may start at once.
 * @throws CausewayError 'database-too-new' when a later version of this program has migrated it
 */
export async function migrate(database: Kysely<Schema>): Promise<void> {
  await database.transaction().execute(async transaction => {
    await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(transaction);
    await sql`create table if not exists causeway_migrations (
      number integer primary key, name text not null, applied_at timestamptz not null default now())`.execute(
      transaction,
    );
    const rows = await transaction.selectFrom('causeway_migrations').select('number').execute();
    const applied = new Set(rows.map(row => row.number));
    const newest = Math.max(0, ...applied);
    if (newest > MIGRATIONS.length) {
      throw new CausewayError(
        'database-too-new',
        `the database is at version ${newest}, this program knows up to ${MIGRATIONS.length}`,
      );
    }
    for (const migration of MIGRATIONS) {
      if (applied.has(migration.number)) continue;
      for (const statement of migration.statements) await sql.raw(statement).execute(transaction);
      await migration.program?.(transaction);
      await transaction
        .insertInto('causeway_migrations')
        .values({ number: migration.number, name: migration.name })
        .execute();
    }
  });
}
