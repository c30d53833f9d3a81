import assert from 'node:assert/strict';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { agentSend, type Send } from '@causeway/api';
import {
  apis,
  type CredentialChange,
  type FeedItem,
  type ObjectChange,
  type Route,
  readAccepts,
  type Withdrawal,
} from '@causeway/contract';
import { ntHash } from '@causeway/credentials';
import {
  CLOUD_FOREST,
  importSealingKey,
  importSigningKey,
  joinEncapsulation,
  openCredentialRecord,
  signingPublicKey,
  verifyHead,
  verifyReceipt,
  verifyRecord,
} from '@causeway/records';
import { type Exchange, signedNames } from './exchange.ts';
import { RestoredPlaces, recordings } from './recording.ts';
import { ReleaseSchemas } from './release-schemas.ts';

// Today's code reads what a release left behind and what its agents send. See ARCHITECTURE.md, invariant 12.

const routes = apis.tenant.routes.flatMap(table => Object.values<Route>(table));
const FOREST = 'recorded.example.com';

for (const recording of recordings()) {
  describe(`${recording.name}`, () => {
    const { exchanges, seen, passwords } = recording;
    const schemas = new ReleaseSchemas(recording.openApi);
    const key = (place: string, name: string): string => recording.text(`places/${place}/${name}`);

    test('its documented schemas accept its own exchanges', () => {
      assert.deepEqual(
        exchanges.flatMap(exchange => schemas.breaches(exchange)),
        [],
      );
    });

    test('it has records of each kind', () => {
      const statements = ['head-1', 'receipt-1'];
      const records = ['account-1', 'account-2', 'account-3', 'credential-2', 'withdrawal-1'];
      assert.deepEqual([...signedNames(exchanges)].sort(), [...records, ...statements].sort());
    });

    test('today’s clients accept its tenant’s answers', () => {
      for (const { method, path, answer } of exchanges) {
        const route = routes.find(each => each.method === method && each.path === path.split('?')[0]);
        assert.ok(route, `${method} ${path} is a route`);
        assert.doesNotThrow(() => route.reply.parse(answer), `${method} ${path}`);
      }
    });

    test('today’s tenant answers its agents as its own did', async t => {
      const places = await RestoredPlaces.open(recording, 'tenant-begin.sql');
      t.after(() => places.close());
      const senders = new Map<string, Send>();
      const senderOf = async ({ path, version, accepts }: Exchange): Promise<Send> => {
        const [place, file] = path.startsWith('/api/v1/sync/')
          ? ['connect', 'identity.json']
          : ['domain', 'enrolment.json'];
        const known = senders.get(`${place} ${version} ${accepts}`);
        if (known) return known;
        const send = agentSend(places, {
          ...JSON.parse(places.text(place, file)),
          ...{ version, accepts: readAccepts(accepts) ?? [] },
          privateKey: await importAgentKey(places.text(place, 'agent-key.pem')),
        });
        senders.set(`${place} ${version} ${accepts}`, send);
        return send;
      };
      // The initial database has the enrolled agents, and a code works only once.
      for (const exchange of exchanges.filter(({ version }) => version !== null)) {
        const send = await senderOf(exchange);
        const { method, body } = exchange;
        // Nothing changes, so waiting would only take time.
        const path = exchange.path.replace(/\bwait=\d+/, 'wait=0');
        const response = await send(path, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body !== null && { body: JSON.stringify(body) }),
        });
        const answer = JSON.parse(await response.text());
        const answered = { ...exchange, status: response.status, answer };
        assert.deepEqual(comparable(answered), comparable(exchange), `${method} ${path}`);
        assert.deepEqual(schemas.breaches(answered), [], 'its agents take the answer');
        const announces = readAccepts(response.headers.get('causeway-accepts')) ?? [];
        for (const name of readAccepts(exchange.announced) ?? [])
          assert.ok(announces.includes(name), `${name} is announced`);
      }
    });

    test('today’s code verifies and opens its records', async () => {
      const { tenantId } = JSON.parse(key('connect', 'identity.json'));
      const signer = signingPublicKey(importSigningKey(key('connect', 'signing-key.pem')));
      const receiptKey = signingPublicKey(importSigningKey(key('domain', 'receipt-key.pem')));
      const sealing = await importSealingKey(key('domain', 'sealing-key'));
      const cloud = answersTo('/api/v1/domain/tenant-key')[0].key;
      const trust = (keyId: string) => {
        if (keyId === signer.keyId) return { publicKey: signer.publicKey, forests: new Set([FOREST]) };
        if (keyId === cloud.keyId) return { publicKey: cloud.publicKey, forests: new Set([CLOUD_FOREST]) };
        return keyId === receiptKey.keyId
          ? { publicKey: receiptKey.publicKey, forests: new Set([FOREST]) }
          : undefined;
      };
      const records = [
        ...bodiesTo('/api/v1/sync/objects').flatMap(({ changes }) =>
          changes.map(({ record }: ObjectChange) => record),
        ),
        ...bodiesTo('/api/v1/sync/withdrawals').flatMap(({ changes }) =>
          changes.map(({ record }: Withdrawal) => record),
        ),
        ...bodiesTo('/api/v1/sync/credentials').flatMap(({ encapsulation, changes }) =>
          changes.map(({ record }: CredentialChange) =>
            joinEncapsulation({ signed: record!, encapsulation }),
          ),
        ),
        ...answersTo('/api/v1/domain/changes').flatMap(({ items }) =>
          items.flatMap(({ accountRecord, credentialRecord }: FeedItem) => [accountRecord, credentialRecord]),
        ),
      ].filter((record): record is string => record !== null);
      const hashes = new Set(Object.values(passwords).map(password => hex(ntHash(password))));
      const opened = new Set<string>();
      for (const record of records) {
        const verified = verifyRecord(record, trust, { tenant: tenantId });
        assert.ok(verified.ok, JSON.stringify(verified));
        if (verified.record.kind !== 'credential') continue;
        const open = await openCredentialRecord(verified.record, sealing);
        assert.ok(open.ok, 'a credential record opens');
        const hash = hex(open.ntHash);
        if (hashes.has(hash)) opened.add(hash);
      }
      // One of them was withdrawn before anything was sealed.
      assert.equal(opened.size, hashes.size - 1);

      const heads = bodiesTo('/api/v1/sync/head');
      const receipts = bodiesTo('/api/v1/domain/receipts');
      assert.ok(heads.length > 0 && receipts.length > 0);
      for (const { head } of heads) assert.ok(verifyHead(head, trust, { tenant: tenantId }).ok);
      for (const { receipt } of receipts) assert.ok(verifyReceipt(receipt, trust, { tenant: tenantId }).ok);
    });

    describe('its state, as it was left,', () => {
      let places: RestoredPlaces;
      let asked: Record<'connect' | 'domain' | 'tenant', string[]>;
      before(async () => {
        places = await RestoredPlaces.open(recording, 'tenant-end.sql');
        const token = places.path('token');
        const admin = ['--admin', 'admin@contoso.example', '--token-out', token];
        await places.run('tenant', 'token', 'contoso', ...admin, '--state', places.path('tenant'));
        asked = {
          connect: ['--config', places.path('connect.yaml')],
          domain: ['--config', places.path('domain.yaml')],
          tenant: ['--tenant', places.url, '--token-file', token],
        };
      });
      after(() => places?.close());

      test("shows what today's Connect would change, and stays as that release left it", async () => {
        const database = () => readFileSync(places.path('connect', 'connect.db'));
        const before = database();
        const preview = ['connect', 'preview', ...asked.connect];
        const { previews } = (await places.run(...preview, '--this-release')) as {
          previews: { connector: string; deletes: number; unchanged: number }[];
        };
        assert.deepEqual(database(), before);
        assert.deepEqual(
          readdirSync(places.path('connect')).filter(name => name.startsWith('copy-')),
          [],
        );
        const [first] = previews;
        assert.ok(first!.unchanged > 0 && first!.deletes === 0, JSON.stringify(previews));
        // Today's service, once it has taken over, shows the same.
        assert.deepEqual(((await places.run(...preview)) as { previews: unknown }).previews, previews);
        assert.notDeepEqual(database(), before);
      });

      for (const place of ['tenant', 'connect', 'domain'] as const) {
        test(`means the same to today's ${place}`, async () => {
          assertStillSays(await places.run(place, 'status', ...asked[place]), seen[place]);
          const people = Object.entries(seen[`${place}Users`]);
          assert.ok(people.length > 0);
          for (const [user, before] of people)
            assertStillSays(await places.run(place, 'status', user, ...asked[place]), before, user);
        });
      }
    });

    // biome-ignore lint/suspicious/noExplicitAny: bodies as that release made them
    const bodiesTo = (path: string): any[] =>
      exchanges.filter(each => each.path === path && each.method !== 'GET').map(({ body }) => body);
    // biome-ignore lint/suspicious/noExplicitAny: answers as that release gave them
    const answersTo = (path: string): any[] =>
      exchanges.filter(each => each.path.split('?')[0] === path).map(({ answer }) => answer);
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * The part of an answer that agents use. Messages are for people, times differ, a cursor goes back unchanged, and a tenant may announce
 * more than before.
 */
function comparable({ status, answer }: Exchange): unknown {
  return JSON.parse(JSON.stringify({ status, answer }), (name, value) =>
    ['reason', 'message', 'accepts', 'lastSeenAt', 'cursor'].includes(name) ? undefined : value,
  );
}

/** Asserts that everything said before is still said; there may be more. */
function assertStillSays(now: unknown, before: unknown, path = ''): void {
  if (typeof before !== 'object' || before === null) {
    assert.deepEqual(now, before, path);
    return;
  }
  assert.ok(typeof now === 'object' && now !== null, path);
  for (const [name, value] of Object.entries(before))
    assertStillSays((now as Record<string, unknown>)[name], value, `${path}/${name}`);
}

function importAgentKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}
