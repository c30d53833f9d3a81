import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from './open-database.ts';
import { postgresConnection } from './postgres-connection.ts';

test('requires verified TLS off loopback, whatever the address asks for', t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, 'made up');

  const verified = { rejectUnauthorized: true, minVersion: 'TLSv1.2' };
  const bare = 'postgres://me:secret@db.example.net/causeway';
  for (const query of [
    '',
    '?sslmode=prefer',
    '?sslmode=require&uselibpqcompat=true',
    '?ssl=true',
    '?sslmode=allow',
  ]) {
    assert.deepEqual(postgresConnection(bare + query), { connectionString: bare, ssl: verified }, query);
  }
  for (const [url, caFile] of [
    [`${bare}?application_name=x`, file],
    [`${bare}?sslrootcert=${file}&application_name=x`, undefined],
    [`${bare}?sslrootcert=/nowhere&application_name=x&sslmode=verify-full`, file],
  ] as const) {
    const expected = { connectionString: `${bare}?application_name=x`, ssl: { ...verified, ca: 'made up' } };
    assert.deepEqual(postgresConnection(url, caFile), expected);
  }
  for (const query of ['sslmode=disable', 'sslmode=no-verify', 'ssl=false', 'ssl=0', 'ssl=no-verify']) {
    assert.throws(() => postgresConnection(`${bare}?${query}`, file), {
      code: 'database-tls',
      message: /databaseCaFile$/,
    });
  }
  assert.throws(() => postgresConnection(bare, join(folder, 'none')), {
    message: /^databaseCaFile: .*none' cannot be read/,
  });
  assert.throws(
    () => postgresConnection('postgres://me:hunter2@a b:x/y'),
    error => {
      const { code, message, cause } = error as Error & { code: string };
      return code === 'bad-configuration' && !message.includes('hunter2') && cause === undefined;
    },
  );
  // The driver connects to the host in the parameter.
  assert.ok(postgresConnection('postgres://me@127.0.0.1/x?host=db.example.net').ssl);
  assert.ok(postgresConnection('postgres://me@127.evil.example/x').ssl);
});

test('connects to loopback and Unix sockets as their address says', () => {
  for (const url of [
    'postgres://me:secret@127.0.0.1:5432/causeway',
    'postgres://me@[::1]/causeway?sslmode=disable',
    'postgres://me@localhost/causeway',
    'postgres://me@/causeway?host=/run/postgresql',
    'postgres:///causeway?host=/run/postgresql',
  ]) {
    assert.deepEqual(postgresConnection(url), { connectionString: url });
  }
});

test('sends nothing to a server off loopback that offers no TLS, and says what to do', async t => {
  const heard: Buffer[] = [];
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    socket.on('data', data => {
      heard.push(data);
      socket.write('N');
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  // Linux treats 0.0.0.0 as this machine, but our code does not count it as loopback.
  const url = `postgres://me:hunter2@0.0.0.0:${port}/causeway`;
  await assert.rejects(openDatabase({ kind: 'postgres', url }), {
    code: 'database-unavailable',
    message: /does not support SSL connections; off loopback it must: set 'ssl = on'/,
  });
  const request = Buffer.from('0000000804d2162f', 'hex'); // SSLRequest, and nothing after it
  assert.ok(heard.length > 0 && heard.every(data => data.equals(request)));
});
