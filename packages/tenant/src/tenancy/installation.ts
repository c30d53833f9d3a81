import { randomUUID } from 'node:crypto';
import type { Run } from '@causeway/contract';
import { CausewayError, type Clock } from '@causeway/service';
import type { Database } from '../database/open-database.ts';
import type { TenantKeys } from '../database/schema.ts';
import { AgentRuns } from './agent-runs.ts';
import { digestOf } from './digest.ts';
import { makeTenantKeys } from './tenant-keys.ts';
import { TenantScope } from './tenant-scope.ts';

/** A tenant's administrator, identified by a token. */
export interface Administrator {
  readonly role: 'admin';
  readonly scope: TenantScope;
  readonly userId: string;
  readonly tokenId: string;
}

/** An enrolled agent, identified by a token. */
export interface Agent<Role extends 'connect' | 'domain' = 'connect' | 'domain'> {
  readonly role: Role;
  readonly scope: TenantScope;
  readonly agentId: string;
  readonly agentName: string;
  readonly version: string;
  /** Records that the agent announced with this request; undefined if it announced none. */
  readonly accepts: readonly string[] | undefined;
  /** Which start of the agent this is; undefined if it does not say. */
  readonly run: Run | undefined;
  /** Key id of the key that signs this Connect's records. */
  readonly signingKeyId: string | undefined;
  /** What this Connect may provision. */
  readonly forests: readonly string[];
  /** A staging Connect: the tenant accepts nothing from it. */
  readonly staging: boolean;
}

/** Who calls a route that needs a token. The role decides which routes, the scope decides whose data. */
export type Caller = Administrator | Agent<'connect'> | Agent<'domain'>;

/** What an agent says of itself with a request. */
export interface AgentWords {
  readonly version?: string | undefined;
  readonly accepts?: readonly string[] | undefined;
  readonly run?: Run | undefined;
}

const LAST_SEEN_STEP_MS = 60_000;

/**
 * All tenants of one database. Only this class looks across tenants, and each look-up here ends in the scope
 * of the one tenant that a name, a token or a code belongs to.
 */
export class Installation {
  readonly clock: Clock;
  readonly runs: AgentRuns;
  readonly #database: Database;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.clock = clock;
    this.runs = new AgentRuns(clock);
  }

  /**
   * Makes a tenant, together with what `furnish` puts into it: all or nothing.
   * @param given the id of a tenant that was lost, because its users' ids depend on it
   * @throws CausewayError 'tenant-exists'
   */
  async createTenant<Result>(
    { name, id: given }: { readonly name: string; readonly id?: string | undefined },
    furnish: (scope: TenantScope) => Promise<Result>,
  ): Promise<Result> {
    const id = given?.toLowerCase() ?? randomUUID();
    const keys = JSON.stringify(await makeTenantKeys());
    return this.#database.transaction().execute(async transaction => {
      const created = await transaction
        .insertInto('tenants')
        .values({ id, name, keys, created_at: this.#now() })
        .onConflict(conflict => conflict.doNothing())
        .executeTakeFirst();
      if (!created.numInsertedOrUpdatedRows) {
        const which = given === undefined ? `'${name}'` : `'${name}', or one with the id ${id},`;
        throw new CausewayError('tenant-exists', `there is a tenant ${which} already`);
      }
      const scope = new TenantScope(transaction, { id, name }, this.clock);
      await scope.insert('change_counters', { value: 0 }).execute();
      return furnish(scope);
    });
  }

  async findTenant(name: string): Promise<{ scope: TenantScope; keys: TenantKeys } | undefined> {
    const tenant = await this.#database
      .selectFrom('tenants')
      .select(['id', 'name', 'keys'])
      .where('name', '=', name)
      .executeTakeFirst();
    return tenant && { scope: this.#scopeOf(tenant), keys: tenant.keys };
  }

  /** The scopes of all tenants. */
  async tenants(): Promise<TenantScope[]> {
    const tenants = await this.#database
      .selectFrom('tenants')
      .select(['id', 'name'])
      .orderBy('name')
      .execute();
    return tenants.map(tenant => this.#scopeOf(tenant));
  }

  /** The tenant's own keys. */
  async readKeys(scope: TenantScope): Promise<TenantKeys> {
    const tenant = await this.#database
      .selectFrom('tenants')
      .select('keys')
      .where('id', '=', scope.tenantId)
      .executeTakeFirstOrThrow();
    return tenant.keys;
  }

  /** The scope of the tenant that made this enrolment code, if any did. */
  async findTenantOfCode(code: string): Promise<TenantScope | undefined> {
    const tenant = await this.#database
      .selectFrom('enrolments')
      .innerJoin('tenants', 'tenants.id', 'enrolments.tenant_id')
      .select(['tenants.id', 'tenants.name'])
      .where('enrolments.code_digest', '=', digestOf(code))
      .executeTakeFirst();
    return tenant && this.#scopeOf(tenant);
  }

  /**
   * Who holds this bearer token now. Checked at every request, so that a removed agent's tokens end at once.
   * @param said what an agent says of itself; its version is stored, because the agent may have been updated since it enrolled
   */
  async findCaller(token: string, said: AgentWords = {}): Promise<Caller | undefined> {
    const digest = digestOf(token);
    return (await this.#findAgent(digest, said)) ?? (await this.#findAdministrator(digest));
  }

  async #findAgent(
    digest: string,
    said: AgentWords,
  ): Promise<Agent<'connect'> | Agent<'domain'> | undefined> {
    const row = await this.#database
      .selectFrom('oidc_payloads as token')
      .innerJoin('agents as agent', join =>
        join
          .onRef('agent.tenant_id', '=', 'token.tenant_id')
          .on(({ eb, cast, ref }) => eb(cast(ref('agent.id'), 'text'), '=', ref('token.client_id'))),
      )
      .innerJoin('tenants', 'tenants.id', 'token.tenant_id')
      .select([
        'tenants.id as tenantId',
        'tenants.name as tenantName',
        'agent.id',
        'agent.kind',
        'agent.name',
      ])
      .select(['agent.signing_key', 'agent.forests', 'agent.staging'])
      .select(['agent.last_seen_at', 'agent.version', 'agent.accepts'])
      .where('token.id_digest', '=', digest)
      .where('token.model', '=', 'ClientCredentials')
      .where('token.expires_at', '>', this.#now())
      .executeTakeFirst();
    if (!row) return undefined;
    const scope = this.#scopeOf({ id: row.tenantId, name: row.tenantName });
    const now = this.#now();
    const version = said.version ?? row.version;
    const seen = row.last_seen_at?.getTime() ?? 0;
    const accepts = said.accepts ? JSON.stringify(said.accepts) : null;
    const same = version === row.version && accepts === (row.accepts && JSON.stringify(row.accepts));
    if (now.getTime() - seen > LAST_SEEN_STEP_MS || !same) {
      await scope
        .update('agents')
        .set({ last_seen_at: now, version, accepts })
        .where('id', '=', row.id)
        .execute();
    }
    return {
      role: row.kind,
      scope,
      agentId: row.id,
      agentName: row.name,
      version,
      accepts: said.accepts,
      run: said.run,
      signingKeyId: row.signing_key?.keyId,
      forests: row.forests,
      staging: row.staging,
    };
  }

  async #findAdministrator(digest: string): Promise<Administrator | undefined> {
    const row = await this.#database
      .selectFrom('tokens as token')
      .innerJoin('users as user', join =>
        join.onRef('user.tenant_id', '=', 'token.tenant_id').onRef('user.id', '=', 'token.user_id'),
      )
      .innerJoin('tenants', 'tenants.id', 'token.tenant_id')
      .select(['tenants.id as tenantId', 'tenants.name as tenantName', 'user.id', 'token.id as tokenId'])
      .where('token.digest', '=', digest)
      .where('token.expires_at', '>', this.#now())
      .where('user.administrator', '=', true)
      .where('user.account_enabled', '=', true)
      .where('user.blocked_at', 'is', null)
      .where('user.deleted_at', 'is', null)
      .executeTakeFirst();
    if (!row) return undefined;
    const scope = this.#scopeOf({ id: row.tenantId, name: row.tenantName });
    return { role: 'admin', scope, userId: row.id, tokenId: row.tokenId };
  }

  #scopeOf(tenant: { id: string; name: string }): TenantScope {
    return new TenantScope(this.#database, tenant, this.clock);
  }

  #now(): Date {
    return new Date(this.clock.now());
  }
}
