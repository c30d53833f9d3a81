import { call, callLocally, httpSend, type Send, serviceIn } from '@causeway/api';
import {
  AAD_DC_ADMINISTRATORS,
  enrolmentRoutes,
  groupRoutes,
  stagingRoutes,
  tenantLocalRoutes,
} from '@causeway/contract';
import { createLog } from '@causeway/service';
import type { HandClock } from '@causeway/service/testing';
import { type Kysely, sql } from 'kysely';
import { TenantConfiguration } from '../configuration.ts';
import { type Database, openDatabase } from '../database/open-database.ts';
import { type RunningTenant, startTenant } from '../start-tenant.ts';
import { makeDatabase, postgresUrl } from './test-tenant.ts';

/** All rows of a tenant's database at a moment: each table as JSON. */
export type TenantSnapshot = ReadonlyMap<string, string>;

/** A user of a forest, as far as it matters for signing in. */
export interface TenantUser {
  readonly anchor: string;
  /** sAMAccountName. */
  readonly name: string | null;
  readonly principal: string;
  readonly signInName: string | null;
  readonly enabled: boolean;
  /** ISO 8601. */
  readonly expires: string | null;
  readonly cloudCredential: string | null;
}

/** A group of a forest, with the references of its members. */
export interface TenantGroup {
  readonly anchor: string;
  readonly name: string | null;
  readonly security: boolean;
  readonly members: ReadonlySet<string>;
}

/**
 * A tenant on a database that outlives its process. It can stop, take its rows back to an earlier day, and start again at the same
 * address.
 */
export class TenantPlace {
  readonly clock: HandClock;
  readonly said: string[] = [];
  readonly #folder: string;
  readonly #database: Database;
  readonly #tables: readonly string[];
  readonly #drop: () => Promise<void>;
  #running: RunningTenant | undefined;
  #port = 0;
  #token = '';

  /** On PostgreSQL if the environment names one: a history costs a quarter less there than on PGlite. */
  static async open(folder: string, clock: HandClock): Promise<TenantPlace> {
    const made = postgresUrl === undefined ? undefined : await makeDatabase(postgresUrl);
    const database = await openDatabase(made ? { kind: 'postgres', url: made.url } : { kind: 'pglite' });
    const tables = (await database.introspection.getTables()).map(({ name }) => name);
    return new TenantPlace(folder, clock, {
      ...{ database, tables: tables.filter(name => name !== 'causeway_migrations') },
      drop: async () => made?.drop(),
    });
  }

  private constructor(
    folder: string,
    clock: HandClock,
    { database, tables, drop }: { database: Database; tables: string[]; drop: () => Promise<void> },
  ) {
    this.#folder = folder;
    this.clock = clock;
    this.#database = database;
    this.#tables = tables;
    this.#drop = drop;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const log = createLog('tenant', { write: line => void this.said.push(line) });
    const listen = { port: this.#port };
    const configuration = TenantConfiguration.parse({ stateDirectory: this.#folder, listen });
    this.#running = await startTenant(configuration, log, { opened: this.#database, clock: this.clock });
    this.#port = Number(new URL(this.#running.publicUrl).port);
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#database.destroy();
    await this.#drop();
  }

  /** Makes a tenant with an administrator, who may make a managed domain. */
  async make(name: string): Promise<void> {
    const service = serviceIn(this.#folder, 'tenant');
    const body = { name, administrator: `admin@${name}.example.net` };
    this.#token = (await callLocally(service, tenantLocalRoutes.createTenant, { body })).token;
    const { id } = await call(this.administrator, groupRoutes.getMe);
    const params = { group: AAD_DC_ADMINISTRATORS };
    await call(this.administrator, groupRoutes.addGroupMember, { params, body: { user: id } });
  }

  /** Makes another token for the administrator, whose earlier ones end with a loss. */
  async makeToken(tenant: string): Promise<void> {
    const service = serviceIn(this.#folder, 'tenant');
    const body = { tenant, administrator: `admin@${tenant}.example.net` };
    this.#token = (await callLocally(service, tenantLocalRoutes.createToken, { body })).token;
  }

  get administrator(): Send {
    return httpSend({ url: this.url }, async () => this.#token);
  }

  /** Makes a code with which an agent enrols. */
  async makeCode(
    kind: 'connect' | 'domain',
    forests: readonly string[] = [],
    staging = false,
  ): Promise<string> {
    const place = staging ? { staging: true as const } : { replaces: [] };
    const body = { kind, name: `test ${kind}`, forests: [...forests], ...place };
    return (await call(this.administrator, enrolmentRoutes.createEnrolment, { body })).code;
  }

  /** Makes a code with which a staging Connect takes the place of others. */
  async makePromotion(id: string, demotes: readonly string[]): Promise<string> {
    const asked = { params: { id }, body: { demotes: [...demotes] } };
    return (await call(this.administrator, stagingRoutes.createPromotion, asked)).code;
  }

  /** Sequences of the account and the credential record of each user of a forest. */
  async sequences(forest: string): Promise<Map<string, number[]>> {
    const rows = await this.#database
      .selectFrom('users')
      .select(['source_anchor', 'account_sequence', 'credential_sequence'])
      .where('forest', '=', forest)
      .where('deleted_at', 'is', null)
      .execute();
    return new Map(
      rows.map(row => [row.source_anchor!, [row.account_sequence, row.credential_sequence].map(Number)]),
    );
  }

  /** The undeleted users of a forest. */
  async users(forest: string): Promise<TenantUser[]> {
    const rows = await this.#database
      .selectFrom('users')
      .select(['source_anchor', 'user_principal_name', 'sign_in_name', 'account_enabled', 'account_expires'])
      .select(['cloud_credential', 'sam_account_name'])
      .where('forest', '=', forest)
      .where('deleted_at', 'is', null)
      .execute();
    return rows.map(row => ({
      anchor: row.source_anchor!,
      name: row.sam_account_name,
      principal: row.user_principal_name,
      signInName: row.sign_in_name,
      enabled: row.account_enabled,
      expires: row.account_expires?.toISOString() ?? null,
      cloudCredential: row.cloud_credential,
    }));
  }

  /** The undeleted groups of a forest. */
  async groups(forest: string): Promise<TenantGroup[]> {
    const rows = await this.#database
      .selectFrom('groups')
      .leftJoin('memberships', join =>
        join
          .onRef('memberships.group_id', '=', 'groups.id')
          .onRef('memberships.tenant_id', '=', 'groups.tenant_id'),
      )
      .select(['source_anchor', 'sam_account_name', 'security_enabled', 'reference'])
      .where('forest', '=', forest)
      .where('deleted_at', 'is', null)
      .execute();
    const groups = new Map<string, TenantGroup & { members: Set<string> }>();
    for (const {
      source_anchor: anchor,
      sam_account_name: name,
      security_enabled: security,
      reference,
    } of rows) {
      const group = groups.get(anchor) ?? { anchor, name, security, members: new Set<string>() };
      groups.set(anchor, group);
      if (reference !== null) group.members.add(reference);
    }
    return [...groups.values()];
  }

  /** Changes the database directly, as an intruder could. */
  async write(statement: string): Promise<void> {
    await sql.raw(statement).execute(this.#database);
  }

  /** Call it while nothing changes. */
  async snapshot(): Promise<TenantSnapshot> {
    const rows = new Map<string, string>();
    for (const table of this.#tables) {
      const { rows: found } = await sql<{ rows: string | null }>`
        select json_agg(one)::text as rows from ${sql.table(table)} as one`.execute(this.#database);
      rows.set(table, found[0]?.rows ?? '[]');
    }
    return rows;
  }

  /** Stops the tenant, and puts its rows back as they were then. */
  async takeBack(snapshot: TenantSnapshot): Promise<void> {
    await this.stop();
    await this.#database.transaction().execute(async transaction => {
      const inside = transaction as unknown as Kysely<never>;
      const run = (text: ReturnType<typeof sql>) => text.execute(inside);
      // Triggers would derive rows a second time.
      await run(sql`set local session_replication_role = replica`);
      // Deleting a few rows is faster than `truncate`, which makes the table again.
      for (const table of this.#tables) await run(sql`delete from ${sql.table(table)}`);
      for (const [table, rows] of snapshot)
        if (rows !== '[]')
          await run(
            sql`insert into ${sql.table(table)} select * from json_populate_recordset(null::${sql.table(table)}, ${rows}::json)`,
          );
    });
  }
}
