// Long because all tables of the database stand here, side by side.
import type { AgentJwk, Profile, PublicKey } from '@causeway/contract';
import type { ColumnType, GeneratedAlways, JSONColumnType } from 'kysely';

/** Set once and never changed. */
type Fixed<T> = ColumnType<T, T, never>;
type Json<T extends object> = JSONColumnType<T, string, string>;
type NullableJson<T extends object> = ColumnType<T | null, string | null, string | null>;

export interface TenantsTable {
  id: Fixed<string>;
  name: Fixed<string>;
  /** The tenant's own keys, which sign ID tokens and cookies. No key of any forest or managed domain. */
  keys: Json<TenantKeys>;
  created_at: Fixed<Date>;
}

export interface TenantKeys {
  /** JSON Web Keys with their private parts. */
  jwks: { keys: Record<string, unknown>[] };
  /** base64url; signs cookies. */
  cookieKey: string;
  /** base64url; keys the digests of account names in the sign-in counters, and the familiar-browser cookie. */
  digestKey: string;
}

export interface UsersTable {
  tenant_id: Fixed<string>;
  id: Fixed<string>;
  origin: Fixed<'synchronized' | 'cloud'>;
  forest: Fixed<string | null>;
  source_anchor: Fixed<string | null>;
  object_guid: string | null;
  /** The true name, as the forest gives it; empty for a forest that never gave one. */
  user_principal_name: string;
  /** The name that the user signs in with: the true one, a former one that stands in for it, or none. */
  sign_in_name: string | null;
  /** `nameKey` of the sign-in name, or the id of a user without one: unique among the tenant's undeleted users. */
  upn_key: string;
  /** `nameKey` of the true name; null if it cannot be a sign-in name. */
  wanted_key: string | null;
  /** Position of the change since which the user has wanted that name: the earliest user gets it. */
  wanted_since: number;
  /** Why the true name is not the sign-in name: a code, a colon and words; null when it is. */
  name_problem: string | null;
  sam_account_name: string | null;
  security_identifier: string | null;
  account_enabled: boolean;
  account_expires: Date | null;
  profile: Json<Profile>;
  administrator: boolean;
  account_sequence: number | null;
  /** Of the newest deletion; kept when the user comes back. */
  deleted_sequence: ColumnType<number | null, number | null | undefined, number | null>;
  account_record: string | null;
  account_received_at: Date | null;
  cloud_credential: string | null;
  credential_change_date: Date | null;
  credential_received_at: Date | null;
  /** Which life of a restored forest the order belongs to; 0: the first. */
  order_epoch: ColumnType<number, number | undefined, number>;
  order_version: number | null;
  order_time: number | null;
  order_invocation_id: string | null;
  credential_sequence: number | null;
  /** The newest of a credential record, a withdrawal or a password without a record; kept when those are gone. */
  password_sequence: number | null;
  /** The signed part; the rest is in `encapsulations`. Without that it is a withdrawal. */
  credential_record: string | null;
  encapsulation_id: number | null;
  credential_record_received_at: Date | null;
  /** Position of the last change in the tenant's change feed; null when there is nothing to send. */
  changed_seq: number | null;
  /** Position of the last change that brought something new, unlike a resent record. */
  news_seq: number | null;
  created_at: Fixed<Date>;
  deleted_at: Date | null;
  legacy_sequence: number | null;
  legacy_outcome: string | null;
  legacy_reason: string | null;
  legacy_reported_at: Date | null;
  legacy_applied_at: Date | null;
  account_outcome: string | null;
  account_reason: string | null;
  /** Of cloud-only users: their sAMAccountName in the managed domain. */
  mail_nickname: string | null;
  /** Of cloud-only users: the password is a temporary one. */
  must_change: ColumnType<boolean, boolean | undefined, boolean>;
  /** Open sessions carry it; a trigger raises it with every change that ends them (migration 10). */
  session_epoch: ColumnType<number, number | undefined, number>;
  /** Since when an administrator blocks the user's web sign-in, whatever the forest says. */
  blocked_at: Date | null;
}

export interface SigningKeysTable {
  tenant_id: Fixed<string>;
  /** PKCS#8 in PEM: signs the records of cloud-only users, and nothing of any forest. */
  private_key: Fixed<string>;
  created_at: Fixed<Date>;
}

export interface GroupMembersTable {
  tenant_id: Fixed<string>;
  group_name: Fixed<string>;
  user_id: Fixed<string>;
  added_at: Fixed<Date>;
}

export interface ChangeCountersTable {
  tenant_id: Fixed<string>;
  value: number;
  /** When it last moved; null if that was before this column existed. */
  changed_at: ColumnType<Date | null, Date | undefined, Date>;
}

/** A stretch of the tenant's changes. Each process begins one with its first change, so none continues after a restore. */
export interface EpochsTable {
  tenant_id: Fixed<string>;
  /** Consecutive, without gaps. */
  number: Fixed<number>;
  /** Random, 12 hexadecimal digits. */
  id: Fixed<string>;
  /** The id of the first epoch after the last loss that was found, or of the very first one. */
  generation: Fixed<string>;
  /** The counter at which it began, and the one before ended. */
  began: Fixed<number>;
  begun_at: Fixed<Date>;
  /** Of the last change before it. */
  changed_at: Fixed<Date | null>;
}

/** A loss of changes. It ends sessions and tokens once, and status shows it until an administrator has seen it. */
export interface LossesTable {
  tenant_id: Fixed<string>;
  /** Of the epoch that began with it, and therefore of its generation. */
  id: Fixed<string>;
  /** Generations whose marks belong to this same loss. */
  ended: ColumnType<string[], string, never>;
  /** Of the last change that is not lost; null if it was not recorded. */
  since: Fixed<Date | null>;
  /** When the mark that proves the loss was given out: lost changes reach at least up to then. */
  until: Fixed<Date>;
  found_at: Fixed<Date>;
  /** Name of the agent that had the mark. */
  found_by: Fixed<string>;
  seen_at: ColumnType<Date | null, undefined, Date>;
  /** The user's id. */
  seen_by: ColumnType<string | null, undefined, string>;
}

/** What the managed domain's receipt said of a cloud-only user while this database had an older state. */
export interface NewerInDomainTable {
  tenant_id: Fixed<string>;
  user_id: Fixed<string>;
  account_sequence: number;
  /** 0 if the managed domain has none. */
  credential_sequence: number;
  /** What the account record says there. */
  deleted: boolean;
  /** When a receipt first said so. */
  found_at: Date;
}

export interface TokensTable {
  tenant_id: Fixed<string>;
  /** Administrators name the code by it. It opens nothing. */
  id: ColumnType<string, string | undefined, never>;
  /** SHA-256 of the bearer token, hex. */
  digest: Fixed<string>;
  user_id: Fixed<string>;
  created_at: Fixed<Date>;
  expires_at: Fixed<Date>;
}

export interface EnrolmentsTable {
  tenant_id: Fixed<string>;
  code_digest: Fixed<string>;
  kind: Fixed<'connect' | 'domain'>;
  name: Fixed<string>;
  forests: ColumnType<string[], string, string>;
  /** Ids of the agents whose place may be taken; empty for a code from an earlier release. */
  replaces: ColumnType<string[], string, never>;
  /** The Connect that enrols with it stages. */
  staging: ColumnType<boolean, boolean | undefined, never>;
  /** Which agent it promotes; null: it enrols a new one. */
  agent_id: ColumnType<string | null, string | undefined, never>;
  created_at: Fixed<Date>;
  expires_at: Fixed<Date>;
}

export interface AgentsTable {
  tenant_id: Fixed<string>;
  id: Fixed<string>;
  kind: Fixed<'connect' | 'domain'>;
  name: Fixed<string>;
  version: string;
  jwk: Json<AgentJwk>;
  signing_key: NullableJson<PublicKey>;
  /** What a Connect may provision; empty for other agents. */
  forests: ColumnType<string[], string, string>;
  /** The records that it announced with its last request; null: none. */
  accepts: NullableJson<string[]>;
  /** A staging Connect: it can read what the tenant has, and the tenant accepts nothing from it. */
  staging: ColumnType<boolean, boolean | undefined, boolean>;
  enrolled_at: Fixed<Date>;
  last_seen_at: Date | null;
}

export interface ApplicationsTable {
  tenant_id: Fixed<string>;
  client_id: Fixed<string>;
  name: string;
  redirect_uris: ColumnType<string[], string, string>;
  post_logout_redirect_uris: ColumnType<string[], string | undefined, string>;
  /** SHA-256 of a confidential client's secret, hex; null for a public client. */
  secret_digest: string | null;
  created_at: Fixed<Date>;
  /** How it receives users' groups; null: not at all. */
  groups_claim: 'ids' | 'names' | null;
  /** The id of the only group whose members may sign in to it; null: every user may. */
  for_group: string | null;
}

export interface OidcPayloadsTable {
  tenant_id: Fixed<string>;
  model: Fixed<string>;
  /** SHA-256 of the identifier, hex: nobody can read a bearer token back out of the database. */
  id_digest: Fixed<string>;
  payload: Json<Record<string, unknown>>;
  client_id: string | null;
  grant_id: string | null;
  uid: string | null;
  expires_at: Date | null;
}

export interface ManagedDomainsTable {
  tenant_id: Fixed<string>;
  realm: string;
  netbios_domain: string;
  key: Json<PublicKey>;
  receipt_key: Json<PublicKey>;
  agent_id: string;
  registered_at: Date;
  /** Of both keys, as an administrator compared it; null before that. It says nothing about keys other than those in this row. */
  confirmed_fingerprint: string | null;
  confirmed_at: Date | null;
  /** The user's id. */
  confirmed_by: string | null;
}

export interface ConnectStatusesTable {
  tenant_id: Fixed<string>;
  forest: Fixed<string>;
  agent_id: string;
  agent_name: string;
  reported_at: Date;
  last_object_cycle_at: Date | null;
  last_password_cycle_at: Date | null;
  queued: number;
  owed: number;
  quarantined: number;
}

/** A released name: for a while only its forest can have it. */
export interface ReservedNamesTable {
  tenant_id: Fixed<string>;
  name_key: Fixed<string>;
  /** `CLOUD_FOREST` for cloud-only users. */
  forest: string;
  until: Date;
}

/** A name that is one user's here and another's in the managed domain, and that an administrator has seen. */
export interface SeenNamesTable {
  tenant_id: Fixed<string>;
  name_key: Fixed<string>;
  here: Fixed<string>;
  there: Fixed<string>;
  seen_at: Fixed<Date>;
}

/** What the credential records of a batch have in common: stored once, not in each. */
export interface EncapsulationsTable {
  tenant_id: Fixed<string>;
  id: Fixed<number>;
  encapsulation: Fixed<string>;
}

/** The latest signed statement of each side about a whole forest, relayed unchanged. */
export interface StatementsTable {
  tenant_id: Fixed<string>;
  forest: Fixed<string>;
  kind: Fixed<'head' | 'receipt'>;
  statement: string;
  received_at: Date;
}

/** The digest of the lines of one bucket of a forest; a bucket that never had a line has no row. Triggers update it with `users`. */
export interface LineDigestsTable {
  tenant_id: Fixed<string>;
  forest: Fixed<string>;
  bucket: Fixed<number>;
  /** 128 digits, each 0 or 1. */
  digest: string;
}

export interface SignInFailuresTable {
  tenant_id: Fixed<string>;
  /** Keyed digest of the name that was typed: people type passwords there, too. */
  account_key: Fixed<string>;
  /** Empty for all unfamiliar sources together, else the familiar browser's identifier. */
  source: Fixed<string>;
  failures: number;
  /** 16 bits of the derivation of each wrong password counted: see sign-in/lockout.ts. */
  wrong: ColumnType<string[], string, string>;
  locks: number;
  locked_until: Date | null;
  updated_at: Date;
}

export interface GroupsTable {
  tenant_id: Fixed<string>;
  id: Fixed<string>;
  origin: Fixed<'synchronized' | 'cloud'>;
  forest: Fixed<string | null>;
  /** For a group of the tenant's own, its id. */
  source_anchor: Fixed<string>;
  object_guid: string | null;
  display_name: string | null;
  sam_account_name: string | null;
  mail: string | null;
  security_identifier: string | null;
  security_enabled: boolean;
  scope: string | null;
  sequence: number | null;
  /** Of the newest deletion; kept when the group comes back. Slices that are no newer do not count. */
  deleted_sequence: ColumnType<number | null, number | null | undefined, number | null>;
  /** The signed group record; null before the first signature. */
  record: string | null;
  /** Position of the first change in the tenant's change feed, before all slices, so the feed shows the group there, too. */
  first_seq: ColumnType<number | null, number | null | undefined, number | null>;
  /** Position of the last change in the tenant's change feed. */
  changed_seq: number | null;
  received_at: Date | null;
  created_at: Fixed<Date>;
  deleted_at: Date | null;
  /** What the managed domain reported of the record, and of the members in all slices; null: nothing of the newest yet. */
  group_outcome: Reported<string>;
  group_reason: Reported<string>;
  group_reported_at: Reported<Date>;
  members_outcome: Reported<string>;
  members_reason: Reported<string>;
  members_reported_at: Reported<Date>;
}

type Reported<T> = ColumnType<T | null, T | null | undefined, T | null>;

/** The live slices of the members of groups (docs/formats.md, *Slices*). */
export interface GroupSlicesTable {
  tenant_id: Fixed<string>;
  group_id: Fixed<string>;
  prefix: Fixed<string>;
  sequence: number;
  record: string;
  changed_seq: number;
}

/** Who is in which group: as slices say, or as administrators of a group of the tenant's own say, from which slices are made. */
export interface MembershipsTable {
  tenant_id: Fixed<string>;
  group_id: Fixed<string>;
  /** `memberKey` of the reference. */
  key: Fixed<string>;
  /** The source anchor of an object of the group's forest, or a SID; in a group of the tenant's own the id of a user or group. */
  reference: Fixed<string>;
}

/** Every table but `tenants` belongs to one tenant, row by row. */
export interface TenantTables {
  users: UsersTable;
  change_counters: ChangeCountersTable;
  epochs: EpochsTable;
  losses: LossesTable;
  newer_in_domain: NewerInDomainTable;
  tokens: TokensTable;
  enrolments: EnrolmentsTable;
  agents: AgentsTable;
  applications: ApplicationsTable;
  oidc_payloads: OidcPayloadsTable;
  managed_domains: ManagedDomainsTable;
  connect_statuses: ConnectStatusesTable;
  statements: StatementsTable;
  line_digests: LineDigestsTable;
  encapsulations: EncapsulationsTable;
  reserved_names: ReservedNamesTable;
  seen_names: SeenNamesTable;
  sign_in_failures: SignInFailuresTable;
  signing_keys: SigningKeysTable;
  group_members: GroupMembersTable;
  groups: GroupsTable;
  group_slices: GroupSlicesTable;
  memberships: MembershipsTable;
}

export interface MigrationsTable {
  number: Fixed<number>;
  name: Fixed<string>;
  applied_at: GeneratedAlways<Date>;
}

export interface Schema extends TenantTables {
  tenants: TenantsTable;
  causeway_migrations: MigrationsTable;
}
