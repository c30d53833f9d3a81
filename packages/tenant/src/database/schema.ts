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
  /** The tenant's own keys: it signs ID tokens and cookies with them. No key of any forest or managed domain. */
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
  /** The true name, as the forest says it; of a forest that never said one, empty. */
  user_principal_name: string;
  /** The name that the user signs in with: the true one, a former one that stands in for it, or none. */
  sign_in_name: string | null;
  /** `nameKey` of the sign-in name, or the id of who has none: unique among the tenant's undeleted users. */
  upn_key: string;
  /** `nameKey` of the true name; null where that can be no sign-in name. */
  wanted_key: string | null;
  /** Position of the change since which the user wants that name: the first one has it. */
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
  /** Of the newest deletion; outlives it. */
  deleted_sequence: ColumnType<number | null, number | null | undefined, number | null>;
  account_record: string | null;
  account_received_at: Date | null;
  cloud_credential: string | null;
  credential_change_date: Date | null;
  credential_received_at: Date | null;
  /** In which life of a restored forest the order is; 0: the first. */
  order_epoch: ColumnType<number, number | undefined, number>;
  order_version: number | null;
  order_time: number | null;
  order_invocation_id: string | null;
  credential_sequence: number | null;
  /** The newest of a credential record, a withdrawal or a password that came without a record; outlives all of them. */
  password_sequence: number | null;
  /** The signed part; what goes beside it is in `encapsulations`. Without that it is a withdrawal. */
  credential_record: string | null;
  encapsulation_id: number | null;
  credential_record_received_at: Date | null;
  /** Position of the last change in the tenant's change feed; null when there is nothing to say. */
  changed_seq: number | null;
  /** Position of the last change that was more than the same sent again. */
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
  /** Of the sessions that are open; a trigger moves it with whatever ends them (migration 10). */
  session_epoch: ColumnType<number, number | undefined, number>;
  /** Since when an administrator keeps the user out of web sign-in, whatever the forest says. */
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
  /** When it moved last; null where that was before it was kept. */
  changed_at: ColumnType<Date | null, Date | undefined, Date>;
}

/** A stretch of the tenant's changes. A process begins one with its first change, so that none goes on where the database was restored. */
export interface EpochsTable {
  tenant_id: Fixed<string>;
  /** They follow each other without a gap. */
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

/** That changes were lost: what ends sessions and tokens once, and stands in status until an administrator has looked. */
export interface LossesTable {
  tenant_id: Fixed<string>;
  /** Of the epoch that began with it, and so of its generation. */
  id: Fixed<string>;
  /** Generations whose marks are no other loss. */
  ended: ColumnType<string[], string, never>;
  /** Of the last change that is not lost; null where nobody kept it. */
  since: Fixed<Date | null>;
  /** When the mark that proves it was given out: until then at least there were changes that are lost. */
  until: Fixed<Date>;
  found_at: Fixed<Date>;
  /** Name of the agent that had the mark. */
  found_by: Fixed<string>;
  seen_at: ColumnType<Date | null, undefined, Date>;
  /** The user's id. */
  seen_by: ColumnType<string | null, undefined, string>;
}

/** What the managed domain's receipt said of a cloud-only user, of whom this database had something older then. */
export interface NewerInDomainTable {
  tenant_id: Fixed<string>;
  user_id: Fixed<string>;
  account_sequence: number;
  /** 0 where the managed domain has none. */
  credential_sequence: number;
  /** What the account record says there. */
  deleted: boolean;
  /** When it was said first. */
  found_at: Date;
}

export interface TokensTable {
  tenant_id: Fixed<string>;
  /** By which administrators name it: it opens nothing. */
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
  /** Ids of the agents whose place may be taken; of a code that a release before made, none. */
  replaces: ColumnType<string[], string, never>;
  /** The Connect that enrols by it stages. */
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
  /** What a Connect may provision; of another agent empty. */
  forests: ColumnType<string[], string, string>;
  /** The records that it announced with its last request; null: none. */
  accepts: NullableJson<string[]>;
  /** A Connect that is told what there is, and of which nothing is taken. */
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
  /** SHA-256 of the secret of a confidential client, hex; null of a public one. */
  secret_digest: string | null;
  created_at: Fixed<Date>;
  /** How it is told people's groups; null: not at all. */
  groups_claim: 'ids' | 'names' | null;
  /** The id of the group whose members alone may sign in to it; null: everybody. */
  for_group: string | null;
}

export interface OidcPayloadsTable {
  tenant_id: Fixed<string>;
  model: Fixed<string>;
  /** SHA-256 of the identifier, hex: a bearer token cannot be read back out of the database. */
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
  /** Of both keys, as an administrator compared it; null until somebody did. Of other keys than those beside it, it says nothing. */
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

/** A name that was let go of: for a while it is for its forest alone. */
export interface ReservedNamesTable {
  tenant_id: Fixed<string>;
  name_key: Fixed<string>;
  /** `CLOUD_FOREST` for cloud-only users. */
  forest: string;
  until: Date;
}

/** A name that is one user's here and another's in the managed domain, and that an administrator knows of. */
export interface SeenNamesTable {
  tenant_id: Fixed<string>;
  name_key: Fixed<string>;
  here: Fixed<string>;
  there: Fixed<string>;
  seen_at: Fixed<Date>;
}

/** What the credential records of a batch have alike: stored once, not in each. */
export interface EncapsulationsTable {
  tenant_id: Fixed<string>;
  id: Fixed<number>;
  encapsulation: Fixed<string>;
}

/** The latest signed word of each side about a whole forest: relayed as it is. */
export interface StatementsTable {
  tenant_id: Fixed<string>;
  forest: Fixed<string>;
  kind: Fixed<'head' | 'receipt'>;
  statement: string;
  received_at: Date;
}

/** The digest of the lines of one bucket of a forest; of a bucket that never had one, there is none. Triggers keep it as `users` changes. */
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
  /** Of a group of the tenant's own, its id. */
  source_anchor: Fixed<string>;
  object_guid: string | null;
  display_name: string | null;
  sam_account_name: string | null;
  mail: string | null;
  security_identifier: string | null;
  security_enabled: boolean;
  scope: string | null;
  sequence: number | null;
  /** Of the newest deletion; outlives it: of slices that are no newer nothing counts. */
  deleted_sequence: ColumnType<number | null, number | null | undefined, number | null>;
  /** The signed group record; null where nothing was signed yet. */
  record: string | null;
  /** Position of the first change in the tenant's change feed: before all slices, so the feed shows the group there, too. */
  first_seq: ColumnType<number | null, number | null | undefined, number | null>;
  /** Position of the last change in the tenant's change feed. */
  changed_seq: number | null;
  received_at: Date | null;
  created_at: Fixed<Date>;
  deleted_at: Date | null;
  /** What the managed domain reported of the record, and of the members as all slices say; null: nothing of the newest yet. */
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

/** Who is in which group, as slices say or, of a group of the tenant's own, its administrators, of whose word slices are made. */
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
