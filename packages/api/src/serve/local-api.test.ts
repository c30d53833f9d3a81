import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { route } from '@causeway/contract';
import { CausewayError, createLog, ERRORS, localSocketPath, lockState } from '@causeway/service';
import { z } from 'zod';
import { callLocally, createServer, listen, serveLocally, serviceIn } from '../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-api-'));
after(() => rmSync(folder, { recursive: true }));
const hello = route({
  method: 'GET',
  path: '/hello',
  access: ['local'],
  summary: 'greets',
  reply: z.strictObject({ hello: z.string() }),
});
const quiet = createLog('test', { write: () => {} });

test('a local API answers on a socket that only its owner can open', async () => {
  const state = join(folder, 'api');
  lockState(state).release();
  const server = createServer({ log: quiet });
  server.get('/hello', () => ({ hello: 'world' }));
  server.get('/refused', () => {
    throw new CausewayError('no-such-list', 'not now');
  });
  server.get('/broken', () => {
    throw new Error('inside');
  });
  await serveLocally(server, state);
  assert.equal(statSync(localSocketPath(state)).mode & 0o777, 0o600);
  assert.deepEqual(await callLocally(serviceIn(state, 'connect'), hello), { hello: 'world' });
  await assert.rejects(callLocally(serviceIn(state, 'connect'), { ...hello, path: '/refused' }), {
    code: 'no-such-list',
    message: 'not now',
    status: 404,
    todo: ERRORS['no-such-list'].todo,
  });
  await assert.rejects(
    callLocally(serviceIn(state, 'connect'), { ...hello, path: '/broken' }),
    (e: Error) => !e.message.includes('inside'),
  );
  for (const [path, reply] of [
    ['/of-another-release', hello.reply],
    ['/hello', z.strictObject({ hello: z.number() })],
  ] as const) {
    const asked = callLocally(serviceIn(state, 'connect'), { ...hello, path, reply });
    await assert.rejects(asked, { code: 'other-release', message: /connect service is of another release/ });
  }
  await server.close();
  await assert.rejects(
    callLocally(serviceIn(state, 'connect'), hello),
    /connect is not running: .*\n {2}causeway connect run/s,
  );
});

test('opens a socket outside the state folder to a group, if there is one', async () => {
  const root = process.getuid?.() === 0;
  for (const [group, mode] of [
    ['daemon', root ? 0o660 : 0o600],
    ['no-such-group-here', 0o600],
  ] as const) {
    const path = join(folder, group, 'connect.sock');
    const server = createServer({ log: quiet });
    server.get('/hello', () => ({ hello: 'world' }));
    await serveLocally(server, join(folder, 'unused'), { path, group });
    assert.equal(statSync(path).mode & 0o777, mode, group);
    if (root && mode === 0o660) assert.notEqual(statSync(path).gid, 0);
    assert.deepEqual(await callLocally({ name: 'connect', socket: path }, hello), { hello: 'world' });
    await server.close();
  }
});

test('refuses plain HTTP off loopback, and reports a taken port', async () => {
  const server = createServer({ log: quiet });
  for (const host of ['0.0.0.0', '127.evil.example', '127.0.0.1.evil.example']) {
    await assert.rejects(listen(server, { host, port: 0 }, false), { code: 'tls-needed' });
  }
  const address = new URL(await listen(server, { host: '127.0.0.1', port: 0 }, false));
  const other = createServer({ log: quiet });
  await assert.rejects(listen(other, { host: '127.0.0.1', port: Number(address.port) }, false), {
    code: 'port-taken',
  });
  await server.close();
  await other.close();
});

test('makes no socket in place of a file, nor in a folder that others can write to', async () => {
  const place = join(folder, 'place');
  const target = join(place, 'target');
  mkdirSync(place);
  writeFileSync(target, 'theirs');
  const server = createServer({ log: quiet });
  const serve = (path: string) =>
    serveLocally(server, join(folder, 'unused'), { path, group: 'no-such-group-here' });
  await assert.rejects(serve(target), { code: 'not-own', message: /target' of user \d+ is no socket/ });
  assert.equal(readFileSync(target, 'utf8'), 'theirs');
  chmodSync(place, 0o777);
  await assert.rejects(serve(join(place, 'x.sock')), { code: 'not-own', message: /writable by others/ });
  await server.close();
});

test("root may still ask another user's service on its socket", {
  // Only root can give files away.
  skip: process.geteuid?.() !== 0,
}, async () => {
  const other = 65534;
  const state = join(folder, 'theirs');
  lockState(state).release();
  const server = createServer({ log: quiet });
  server.get('/hello', () => ({ hello: 'world' }));
  await serveLocally(server, state);
  for (const path of [state, localSocketPath(state)]) chownSync(path, other, other);
  assert.deepEqual(await callLocally(serviceIn(state, 'connect'), hello), { hello: 'world' });
  assert.throws(() => lockState(state), { code: 'not-own', message: new RegExp(`run it as user ${other}`) });
  await server.close();
});
