import type { Clock } from '@causeway/service';
import type {
  DeleteQueryBuilder,
  DeleteResult,
  Insertable,
  InsertQueryBuilder,
  InsertResult,
  QueryResult,
  RawBuilder,
  SelectQueryBuilder,
  Transaction,
  UpdateQueryBuilder,
  UpdateResult,
} from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema, TenantTables } from '../database/schema.ts';

type Table = keyof TenantTables;

/**
 * The permission to touch one tenant's rows, as an object that you hold or don't. Every query of a tenant's
 * tables begins here and carries its tenant_id. INVARIANT: a tenant sees only itself.
 */
export class TenantScope {
  readonly tenantId: string;
  readonly tenantName: string;
  /** Every decision and every stored time here uses it. SQL receives the time as a parameter. */
  readonly clock: Clock;
  readonly #database: Database | Transaction<Schema>;

  constructor(
    database: Database | Transaction<Schema>,
    tenant: { readonly id: string; readonly name: string },
    clock: Clock,
  ) {
    this.#database = database;
    this.clock = clock;
    this.tenantId = tenant.id;
    this.tenantName = tenant.name;
  }

  now(): Date {
    return new Date(this.clock.now());
  }

  select<T extends Table>(table: T): SelectQueryBuilder<Schema, T, object> {
    const query = this.#database.selectFrom(table as Table).where('tenant_id', '=', this.tenantId);
    return query as unknown as SelectQueryBuilder<Schema, T, object>;
  }

  insert<T extends Table>(
    table: T,
    values: Omit<Insertable<Schema[T]>, 'tenant_id'>,
  ): InsertQueryBuilder<Schema, T, InsertResult> {
    const row = { ...values, tenant_id: this.tenantId };
    return this.#database.insertInto(table).values(row as never) as InsertQueryBuilder<
      Schema,
      T,
      InsertResult
    >;
  }

  update<T extends Table>(table: T): UpdateQueryBuilder<Schema, T, T, UpdateResult> {
    const query = this.#database.updateTable(table as Table).where('tenant_id', '=', this.tenantId);
    return query as unknown as UpdateQueryBuilder<Schema, T, T, UpdateResult>;
  }

  delete<T extends Table>(table: T): DeleteQueryBuilder<Schema, T, DeleteResult> {
    const query = this.#database.deleteFrom(table as Table).where('tenant_id', '=', this.tenantId);
    return query as unknown as DeleteQueryBuilder<Schema, T, DeleteResult>;
  }

  /** A set-based statement that the query builder cannot express. It receives the tenant's id and must use it. */
  run<Row>(statement: (tenantId: string) => RawBuilder<Row>): Promise<QueryResult<Row>> {
    return statement(this.tenantId).execute(this.#database);
  }

  /** All or nothing. The scope passed in is only for use inside. */
  transaction<Result>(work: (scope: TenantScope) => Promise<Result>): Promise<Result> {
    const tenant = { id: this.tenantId, name: this.tenantName };
    return this.#database
      .transaction()
      .execute(transaction => work(new TenantScope(transaction, tenant, this.clock)));
  }
}
