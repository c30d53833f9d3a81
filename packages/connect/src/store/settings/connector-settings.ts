import { randomUUID } from 'node:crypto';
import type { ConfigurationParameter } from '@causeway/contract';
import type { Database } from '../database.ts';
import { STAGES } from './staging.ts';

/** What an administrator set for one connector. */
export interface Settings {
  identifier: string;
  partitionId: string;
  /** Grows with every change of the parameters, so that saving an older version can be refused. */
  version: number;
  createdAt: string;
  modifiedAt: string;
  /** The password channel's switch. */
  passwordSync: boolean;
  globalParameters: ConfigurationParameter[];
  partitionParameters: ConfigurationParameter[];
}

export class ConnectorSettings {
  readonly #db: Database;
  readonly #connector: string;

  /** @param fixed the tenant's connector has this fixed identifier, which names it. Any other connector gets one and keeps it. */
  constructor(db: Database, connector: string, fixed?: string) {
    this.#db = db;
    this.#connector = connector;
    const now = db.timestamp();
    const identifier = fixed ?? randomUUID();
    if (fixed) db.run('UPDATE OR IGNORE connector SET name = ? WHERE identifier = ?', connector, fixed);
    db.run(
      'INSERT OR IGNORE INTO connector (name, identifier, partition_id, created_at, modified_at) VALUES (?, ?, ?, ?, ?)',
      connector,
      identifier,
      randomUUID(),
      now,
      now,
    );
  }

  get(): Settings {
    const row = this.#db.get('SELECT * FROM connector WHERE name = ?', this.#connector)!;
    return {
      identifier: row.identifier as string,
      partitionId: row.partition_id as string,
      version: row.version as number,
      createdAt: row.created_at as string,
      modifiedAt: row.modified_at as string,
      passwordSync: row.password_sync === 1,
      globalParameters: JSON.parse(row.global_parameters as string),
      partitionParameters: JSON.parse(row.partition_parameters as string),
    };
  }

  /** Whether passwords are sent now: never while this Connect stages. Asked before every slice of them. */
  get passwordSync(): boolean {
    const sql = `SELECT password_sync AND NOT ${STAGES} AS enabled FROM connector WHERE name = ?`;
    return this.#db.get<{ enabled: number }>(sql, this.#connector)!.enabled === 1;
  }

  setPasswordSync(enabled: boolean): void {
    this.#db.run(
      'UPDATE connector SET password_sync = ?, modified_at = ? WHERE name = ?',
      Number(enabled),
      this.#db.timestamp(),
      this.#connector,
    );
  }

  /** Stores all parameters as given. The partition's parameters stay if they are left out. */
  save(global: readonly ConfigurationParameter[], partition?: readonly ConfigurationParameter[]): void {
    this.#db.run(
      `UPDATE connector SET global_parameters = ?, partition_parameters = coalesce(?, partition_parameters),
         version = version + 1, modified_at = ? WHERE name = ?`,
      JSON.stringify(global),
      partition === undefined ? null : JSON.stringify(partition),
      this.#db.timestamp(),
      this.#connector,
    );
  }

  /** The value of a global parameter; undefined if there is none of this name. */
  parameter(name: string): ConfigurationParameter['value'] | undefined {
    return this.get().globalParameters.find(parameter => parameter.name === name)?.value;
  }

  /** Sets the value of an existing global parameter, and never adds one. */
  setValue(name: string, value: string): void {
    const { globalParameters } = this.get();
    if (!globalParameters.some(parameter => parameter.name === name)) return;
    this.save(globalParameters.map(each => (each.name === name ? { ...each, value } : each)));
  }
}
