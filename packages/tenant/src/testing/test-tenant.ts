import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { callLocally, httpSend, type Send, serviceIn } from '@causeway/api';
import { type ReplyOf, tenantLocalRoutes } from '@causeway/contract';
import { createLog } from '@causeway/service';
import pg from 'pg';
import { TenantConfiguration } from '../configuration.ts';
import { type RunningTenant, type StartOptions, startTenant } from '../start-tenant.ts';

/** Where a conformance test keeps its data: every test of the database runs on both. */
export type Backend = 'pglite' | 'postgres';

/** A running tenant service for one test, on loopback, with its log in memory. */
export interface TestTenant {
  readonly url: string;
  readonly stateDirectory: string;
  readonly running: RunningTenant;
  log(): Record<string, unknown>[];
  createTenant(name: string, administrator?: string): Promise<TestAdministrator>;
  /** The whole content of the database, as JSON. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

export interface TestAdministrator {
  readonly created: ReplyOf<typeof tenantLocalRoutes.createTenant>;
  readonly name: string;
  readonly send: Send;
}

/** PostgreSQL for tests, if the environment names one. */
export const postgresUrl = process.env.DATABASE_URL || undefined;

export async function startTestTenant(
  backend: Backend,
  options: StartOptions = {},
  settings: Partial<TenantConfiguration> = {},
): Promise<TestTenant> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'causeway-tenant-'));
  const database = backend === 'postgres' ? await makeDatabase(postgresUrl!) : undefined;
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const configuration = TenantConfiguration.parse({
    stateDirectory,
    listen: { port: 0 },
    ...settings,
  });
  const running = await startTenant(configuration, createLog('tenant', sink), {
    ...options,
    database: database ? { kind: 'postgres', url: database.url } : { kind: 'pglite' },
  });
  return {
    url: running.publicUrl,
    stateDirectory,
    running,
    log: () => lines.map(line => JSON.parse(line) as Record<string, unknown>),
    async createTenant(name, administrator = `admin@${name}.example.net`) {
      const body = { name, administrator };
      const service = serviceIn(stateDirectory, 'tenant');
      const created = await callLocally(service, tenantLocalRoutes.createTenant, { body });
      return { created, name, send: httpSend({ url: running.publicUrl }, async () => created.token) };
    },
    async dump() {
      const tables = await running.database.introspection.getTables();
      const rows = tables.map(({ name }) =>
        running.database
          .selectFrom(name as 'users')
          .selectAll()
          .execute(),
      );
      return JSON.stringify(await Promise.all(rows));
    },
    async close() {
      await running.close();
      await database?.drop();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}

/** A separate database for the test on the server that `url` names. */
export async function makeDatabase(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `causeway_test_${randomUUID().replaceAll('-', '')}`;
  const run = async (statement: string): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => run(`drop database ${name} with (force)`) };
}
