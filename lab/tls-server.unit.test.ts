import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createServer, listen } from '@causeway/api';
import { CA, CERTIFICATE, SERVER_KEY } from '@causeway/ldap/testing';
import { createLog } from '@causeway/service';

test('a server with TLS tells browsers to keep using it, and lets no client renegotiate', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [certificateFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  writeFileSync(certificateFile, CERTIFICATE);
  writeFileSync(keyFile, SERVER_KEY);
  const log = createLog('test', { write: () => {} });
  const server = createServer({ log, tls: { certificateFile, keyFile } });
  t.after(() => server.close());
  const { port } = new URL(await listen(server, { host: '127.0.0.1', port: 0 }, true));

  const socket = connect({ host: '127.0.0.1', port: Number(port), ca: CA, maxVersion: 'TLSv1.2' });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /strict-transport-security: max-age=63072000\r\n/);
  assert.match(String(answer), /x-content-type-options: nosniff\r\n/);
  const renegotiated = await new Promise<Error | null>(resolve => {
    socket.once('close', () => resolve(new Error('closed')));
    socket.renegotiate({ rejectUnauthorized: true }, resolve);
  });
  assert.ok(renegotiated instanceof Error);
  socket.destroy();
});
