import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type CallInput, route } from '@causeway/contract';
import { createLog, lockState } from '@causeway/service';
import { z } from 'zod';
import { askOrDo, createServer, type Handlers, serveLocally, serveTable, serviceIn } from '../index.ts';

const routes = {
  greet: route({
    method: 'POST',
    path: '/greet/:name',
    access: ['local'],
    summary: 'greets',
    params: z.strictObject({ name: z.string() }),
    query: z.strictObject({ times: z.coerce.number().int().default(1) }),
    body: z.strictObject({ loud: z.boolean() }),
    reply: z.strictObject({ greeting: z.string() }),
  }),
};
const handlers: Handlers<typeof routes, string> = {
  greet: ({ params, query, body }, caller) => ({
    greeting: `${caller}: ${`hello ${params.name}`.repeat(query.times)}${body.loud ? '!' : ''}`,
  }),
};

const state = mkdtempSync(join(tmpdir(), 'causeway-at-hand-'));
after(() => rmSync(state, { recursive: true }));
lockState(state).release();
const service = serviceIn(state, 'domain');

let opened = 0;
const ask = (input: CallInput<typeof routes.greet>) =>
  askOrDo<typeof routes, 'greet', string>({ service, routes }, 'greet', input, answer => {
    opened++;
    return answer(handlers, 'here');
  });

const input = { params: { name: 'alice' }, body: { loud: true } };

test('runs the same handler with the same checks if no service runs', async () => {
  assert.deepEqual(await ask(input), { result: { greeting: 'here: hello alice!' }, running: false });
  const wrong = { ...input, body: { loud: 'yes' as never } };
  await assert.rejects(ask(wrong), { code: 'bad-request', message: /body\.loud/ });
  assert.equal(opened, 1, 'what is not as agreed opens nothing');
});

test('asks a running service, and opens nothing', async () => {
  opened = 0;
  const server = createServer({ log: createLog('test', { write: () => {} }) });
  serveTable(server, routes, handlers, { callerOf: () => 'service' });
  await serveLocally(server, state);
  assert.deepEqual(await ask({ ...input, query: { times: 2 } }), {
    result: { greeting: 'service: hello alicehello alice!' },
    running: true,
  });
  await assert.rejects(ask({ ...input, body: { loud: 'yes' as never } }), { code: 'bad-request' });
  assert.equal(opened, 0);
  await server.close();
});
