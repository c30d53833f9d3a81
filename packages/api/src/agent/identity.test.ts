import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { enrolAgent, openTenant, readIdentity, saveIdentity } from '../index.ts';

let folder: string;
let files: { identity: string; key: string };
/** Keys by which agents enrolled at a scripted tenant, newest last. */
const enrolled: string[] = [];
let tenant: Server;
let url: string;

const ID = '00000000-0000-4000-8000-000000000001';

before(async () => {
  tenant = createServer(async (request, response) => {
    const { jwk } = (await json(request)) as { jwk: { x: string } };
    enrolled.push(jwk.x);
    const issuer = 'https://tenant.example.net/t/contoso';
    const identity = { tenantId: ID, tenantName: 'contoso', agentId: ID, clientId: ID, issuer };
    response.end(JSON.stringify({ ...identity, tokenEndpoint: `${issuer}/token` }));
  });
  await new Promise<void>(resolve => tenant.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(tenant.address() as AddressInfo).port}`;
});
after(() => tenant.close());
afterEach(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-identity-'));
  files = { identity: join(folder, 'identity.json'), key: join(folder, 'key.pem') };
});

const enrol = () => enrolAgent(files, { url }, { code: 'a-code', signingKey: null });

test("saves the tenant's answer as identity, and a key that only its owner can read", async () => {
  assert.equal(readIdentity(files), undefined);
  const identity = await enrol();
  assert.equal(readIdentity(files), undefined, 'whoever enrols looks at the answer first');
  saveIdentity(files, identity);
  assert.deepEqual(readIdentity(files), identity);
  assert.equal(statSync(files.key).mode & 0o777, 0o600);
});

test('keeps the key of an identity when an agent enrols again, and makes a new one without an identity', async () => {
  saveIdentity(files, await enrol());
  const key = readFileSync(files.key, 'utf8');
  await enrol();
  assert.equal(readFileSync(files.key, 'utf8'), key);
  assert.equal(enrolled.at(-1), enrolled.at(-2));
  rmSync(files.identity);
  await enrol();
  assert.notEqual(enrolled.at(-1), enrolled.at(-2));
});

test('replaces a lost key only by enrolling', async () => {
  const identity = await enrol();
  saveIdentity(files, identity);
  rmSync(files.key);
  await assert.rejects(openTenant(files, { url }, identity), { code: 'file-unreadable' });
  assert.equal(existsSync(files.key), false);
  await enrol();
  assert.notEqual(enrolled.at(-1), enrolled.at(-2));
});
