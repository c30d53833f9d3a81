import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { route, synchronizationRoutes } from '@causeway/contract';
import { ERRORS } from '@causeway/service';
import { z } from 'zod';
import { agentSend, CallError, call, httpSend } from '../index.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** A scripted peer on loopback. */
async function peer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const greet = route({
  method: 'POST',
  path: '/greet/:name',
  access: ['public'],
  summary: 'greets',
  params: z.strictObject({ name: z.string() }),
  body: z.strictObject({ loud: z.boolean() }),
  reply: z.strictObject({ greeting: z.string() }),
});
const input = { params: { name: 'a/b' }, body: { loud: true } };
const greetAt = (url: string, timeoutMs = 2000) => call(httpSend({ url, timeoutMs }), greet, input);

test('fills the path, sends the body and checks the reply', async () => {
  const url = await peer((request, response) => {
    assert.equal(request.url, '/greet/a%2Fb');
    request.pipe(response.writeHead(200), { end: false });
    request.on('end', () => response.end());
  });
  await assert.rejects(greetAt(url), (e: CallError) => e.code === 'bad-answer' && e.transient);
  const good = await peer((_request, response) => response.end('{"greeting":"hello"}'));
  assert.deepEqual(await greetAt(good), { greeting: 'hello' });
});

test('keeps the code and message of an error reply, and reports whether to retry', async () => {
  const refused = await peer((_q, r) =>
    r.writeHead(409).end('{"error":{"code":"taken","message":"it is taken"}}'),
  );
  await assert.rejects(greetAt(refused), {
    code: 'taken',
    message: 'it is taken',
    status: 409,
    transient: false,
  });
  const busy = await peer((_q, r) => r.writeHead(429, { 'retry-after': '7' }).end('slow down'));
  await assert.rejects(greetAt(busy), { status: 429, transient: true, retryAfter: 7 });
  const broken = await peer((_q, r) => r.writeHead(500).end('<html>'));
  await assert.rejects(greetAt(broken), { status: 500, code: 'http-error', transient: true });
});

test('reads a code of the previous release under its current name, and keeps an unknown one', async () => {
  const saying = (code: string) =>
    peer((_q, r) => r.writeHead(404).end(JSON.stringify({ error: { code, message: 'as it came' } })));
  await assert.rejects(greetAt(await saying('unknown-list')), {
    code: 'no-such-list',
    message: 'as it came',
    status: 404,
    todo: ERRORS['no-such-list'].todo,
  });
  await assert.rejects(greetAt(await saying('of-next-year')), { code: 'of-next-year', todo: undefined });
});

test('treats half an answer, no answer and an absent server as transient', async () => {
  const half = await peer((_q, r) => {
    r.writeHead(200, { 'content-length': '100' }).write('{"greet');
    setTimeout(() => r.destroy(), 50);
  });
  await assert.rejects(greetAt(half), { code: 'no-answer', transient: true });
  const silent = await peer((_q, r) => r.writeHead(200).write('{'));
  await assert.rejects(greetAt(silent, 300), { code: 'no-answer', transient: true });
  await assert.rejects(greetAt('http://127.0.0.1:1'), { code: 'no-answer', transient: true });
});

test('refuses plain http off loopback, and follows no redirects', async () => {
  assert.throws(() => httpSend({ url: 'http://tenant.example.net' }), /https expected off loopback/);
  assert.throws(() => httpSend({ url: 'tenant' }), /an address such as https:.* expected, got 'tenant'/);
  const elsewhere = await peer((_q, r) => r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end());
  await assert.rejects(greetAt(elsewhere), CallError);
});

test('an agent fetches a token by private_key_jwt, reuses it, and fetches another when it is refused', async () => {
  const assertions: string[] = [];
  let valid = '';
  let bodies = 0;
  const url = await peer((request, response) => {
    let body = '';
    request.on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.url === '/token') {
        assertions.push(new URLSearchParams(body).get('client_assertion') ?? '');
        valid = `token-${assertions.length}`;
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ access_token: valid, token_type: 'Bearer', expires_in: 600 }));
      } else if (request.headers.authorization === `Bearer ${valid}`) {
        bodies += body === '{"loud":true}' ? 1 : 0;
        response.end('{"greeting":"hello"}');
      } else {
        response.writeHead(401).end('{"error":{"code":"unauthorized","message":"no"}}');
      }
    });
  });
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const identity = {
    clientId: 'agent',
    issuer: url,
    tokenEndpoint: `${url}/token`,
    privateKey: pair.privateKey,
  };
  const send = agentSend({ url }, identity);
  await Promise.all([call(send, greet, input), call(send, greet, input)]);
  assert.equal(assertions.length, 1);
  valid = 'revoked';
  assert.deepEqual(await call(send, greet, input), { greeting: 'hello' });
  assert.equal(assertions.length, 2);
  assert.equal(new Set(assertions).size, 2, 'an assertion is used once');
  assert.equal(bodies, 3);
});

test('gives up an answer that never ends or unpacks to more than the limit', async () => {
  const large = Buffer.alloc(9 << 20, ' ');
  await assert.rejects(greetAt(await peer((_q, r) => r.end(large))), { code: 'answer-too-large' });
  const bomb = gzipSync(large);
  const url = await peer((_q, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
  await assert.rejects(greetAt(url), { code: 'bad-answer' }, 'nobody asked for it, and nobody unpacks it');
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const identity = { clientId: 'a', issuer: url, tokenEndpoint: `${url}/token`, privateKey };
  await assert.rejects(call(agentSend({ url }, identity), greet, input), {
    code: 'no-token',
    message: /^no token from .*: the answer is too large/,
  });
});

test('caps how long a server can make a client wait', async () => {
  const url = await peer((_q, r) => r.writeHead(503, { 'retry-after': '99999999999' }).end());
  await assert.rejects(greetAt(url), { status: 503, retryAfter: 300 });
});

test('a verdict that does not match the contract costs only its own item', async () => {
  const verdicts = [
    { sourceAnchor: 'a', verdict: 'applied' },
    { sourceAnchor: 'b', verdict: 'perhaps' },
    null,
    { sourceAnchor: 'c', verdict: 'refused', code: 'of-a-newer-tenant' },
  ];
  const url = await peer((_q, r) => r.end(JSON.stringify({ verdicts })));
  const change = { operation: 'delete' as const, sourceAnchor: 'a', sequence: 1, record: 'a.b.c' };
  const body = { forest: 'corp.example.com', changes: [change] };
  const reply = await call(httpSend({ url }), synchronizationRoutes.exportObjects, { body });
  assert.deepEqual(
    reply.verdicts.map(({ sourceAnchor, verdict, code }) => [sourceAnchor, verdict, code]),
    [
      ['a', 'applied', undefined],
      ['c', 'refused', undefined],
    ],
  );
});
