import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openDatabase } from '@causeway/tenant/testing';
import pg from 'pg';
import { type Certificates, makeCertificates } from '../places/certificates.ts';
import { startPostgres, type ThrowAwayPostgres } from './postgres.ts';

/** Linux treats it as this machine, and no code of ours calls it loopback. */
const OFF_LOOPBACK = '0.0.0.0';
const skip = !process.env.DATABASE_URL && 'needs PostgreSQL installed, as where DATABASE_URL is set';

describe('the connection to a PostgreSQL off loopback', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-database-tls-'));
  let certificates: Certificates;
  let server: ThrowAwayPostgres;
  before(async () => {
    certificates = await makeCertificates(folder, `IP:${OFF_LOOPBACK}`);
    server = await startPostgres({ tls: certificates.server });
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (query: string, caFile?: string, host = OFF_LOOPBACK): Promise<unknown> => {
    const url = server.url.replace('127.0.0.1', host) + query;
    const database = await openDatabase({ kind: 'postgres', url, caFile });
    // The server's own list of its connections.
    const administrator = new pg.Client(server.url);
    await administrator.connect();
    const asked = `select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid)
      where application_name = 'causeway-tenant'`;
    const { rows } = await administrator.query(asked);
    await Promise.all([administrator.end(), database.destroy()]);
    return rows[0].ssl;
  };

  it('uses TLS with the CA of the configuration or of the address', async () => {
    assert.equal(await open('', certificates.caFile), true);
    assert.equal(await open(`?sslmode=require&sslrootcert=${certificates.caFile}`), true);
  });

  it('rejects a server whose certificate is of another CA or of an unknown one', async () => {
    const refused = { code: 'database-unavailable', message: /as databaseCaFile, or with sslrootcert/ };
    await assert.rejects(open('?sslmode=require'), refused);
    await assert.rejects(open('', certificates.otherCaFile), refused);
    await assert.rejects(open('?sslmode=disable', certificates.caFile), { code: 'database-tls' });
  });

  it('rejects a server whose certificate names another host', async () => {
    await assert.rejects(open('', certificates.caFile, '127.0.0.1'), {
      code: 'database-unavailable',
      message: /databaseUrl must name the server as its certificate does/,
    });
  });

  it('stays as before on loopback without a configured CA', async () => {
    assert.equal(await open('', undefined, '127.0.0.1'), false);
  });
});
