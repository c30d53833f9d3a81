import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { managedDomainRoutes, synchronizationRoutes } from '@causeway/contract';
import { ntHash } from '@causeway/credentials';
import { onEveryBackend } from './testing/backends.ts';
import { FOREST } from './testing/forest.ts';
import { accountItem, batchOf, credentialItem, inFeed, order, person, seal } from './testing/people.ts';
import { enrolAgent, type TestAgent } from './testing/test-agent.ts';

onEveryBackend('the thread through the tenant', tenant => {
  let connect: TestAgent;
  let domain: TestAgent;
  let admin: Send;

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
  });

  it('accepts objects and credentials and relays the records unchanged', async () => {
    const alice = person(1);
    const account = accountItem(connect, alice);
    const objects = await call(connect.send, synchronizationRoutes.exportObjects, {
      body: { forest: FOREST, changes: [account] },
    });
    assert.deepEqual(objects.verdicts, [{ sourceAnchor: alice.anchor, verdict: 'applied' }]);

    const record = await seal(connect, alice, 'Pa$$w0rd', order(2));
    const credential = await credentialItem(alice, 'Pa$$w0rd', order(2), record);
    const credentials = await call(connect.send, synchronizationRoutes.exportCredentials, {
      body: batchOf([credential]),
    });
    assert.deepEqual(credentials.verdicts, [{ sourceAnchor: alice.anchor, verdict: 'applied' }]);

    const feed = await call(domain.send, managedDomainRoutes.readChanges, { query: {} });
    const [administrator, item] = feed.items;
    assert.deepEqual([feed.items.length, administrator!.origin], [2, 'cloud']);
    assert.equal(item!.accountRecord, account.record);
    assert.equal(item!.credentialRecord, inFeed(record));
    assert.equal(item!.forest, FOREST);
    const rest = await call(domain.send, managedDomainRoutes.readChanges, { query: { after: feed.cursor } });
    assert.deepEqual(rest, { items: [], cursor: feed.cursor, more: false, moreNew: false });
  });

  it('keeps neither the password nor its NT hash, in any spelling, in database and log', async () => {
    const hash = ntHash('Pa$$w0rd');
    const { buffer, byteOffset, length } = hash;
    const bytes = Buffer.from(buffer, byteOffset, length);
    const spellings = [
      'Pa$$w0rd',
      ...(['hex', 'base64', 'base64url'] as const).map(as => bytes.toString(as)),
    ];
    const kept = (await tenant().dump()) + JSON.stringify(tenant().log());
    const holds = (text: string): boolean =>
      spellings.some(secret => text.toLowerCase().includes(secret.toLowerCase()));
    assert.ok(kept.includes('v1;PPH1_MD4,'), 'the dump shows what is kept');
    assert.equal(holds(kept), false);
    for (const planted of spellings) assert.equal(holds(kept + planted.toUpperCase()), true);
  });
});
