import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, managedDomainRoutes, synchronizationRoutes } from '@causeway/contract';
import {
  generateSealingKey,
  generateSigningKey,
  type ReceiptFields,
  sealingPublicKey,
  signReceipt,
} from '@causeway/records';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, headOf, nextSequence, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const receiptKey = generateSigningKey();

onEveryBackend('heads and receipts', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let other: TestAgent;
  let domain: TestAgent;

  const putHead = (agent: TestAgent, head: string) =>
    call(agent.send, synchronizationRoutes.putHead, { body: { forest: FOREST, head } });
  const putReceipt = (receipt: string) =>
    call(domain.send, managedDomainRoutes.putReceipt, { body: { forest: FOREST, receipt } });
  const receiptOf = (changes: Partial<ReceiptFields> = {}): string => {
    const time = new Date().toISOString();
    return signReceipt(receiptKey, {
      ...{ tenant: connect.tenantId, forest: FOREST, sequence: nextSequence(), time },
      ...{
        headSequence: 1,
        headTime: time,
        completeAsOf: time,
        alarmSince: null,
        accounts: 7,
        credentials: 5,
      },
      ...{ differing: [], listed: 0, entries: [], notWritten: [['anchor', 'account', 'protected-name']] },
      ...changes,
    });
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    other = await enrolAgent(tenant().url, admin, 'connect', 'other', ['other.example.com']);
    // Two Connects for one forest, as an earlier release let them enrol.
    await sql`update agents set forests = ${JSON.stringify([FOREST])} where id = ${other.id}`.execute(
      tenant().running.database,
    );
    domain = await enrolAgent(tenant().url, admin, 'domain');
    const body = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', receiptKey: receiptKey.publicKey };
    await call(domain.send, managedDomainRoutes.registerDomainKey, {
      body: { ...body, key: sealingPublicKey(await generateSealingKey()) },
    });
  });

  it('are relayed unchanged, the latest of each', async () => {
    assert.deepEqual((await call(domain.send, managedDomainRoutes.readHeads)).heads, []);
    assert.equal((await putHead(connect, headOf(connect))).receipt, null);
    const head = headOf(connect, { accounts: 8, credentials: 5 });
    await putHead(connect, head);
    assert.deepEqual((await call(domain.send, managedDomainRoutes.readHeads)).heads, [
      { forest: FOREST, head },
    ]);
    const receipt = receiptOf();
    await putReceipt(receipt);
    assert.equal((await putHead(connect, head)).receipt, receipt);
    const { arrivals } = await call(admin, administrationRoutes.getTenantStatus);
    assert.deepEqual(
      arrivals.map(one => [one.forest, one.head?.accounts, one.receipt?.accounts, one.receipt?.notWritten]),
      [[FOREST, 8, 7, 1]],
    );
  });

  it('are rejected when no reader could believe them', async () => {
    const good = headOf(connect);
    const account = accountItem(connect, person(1)).record;
    for (const [agent, head] of [
      [other, good],
      [connect, headOf(connect, { tenant: 'another' })],
      [connect, headOf(connect, { forest: 'other.example.com' })],
      [connect, account],
      [connect, receiptOf()],
      [connect, 'a.b.c'],
    ] as const) {
      await assert.rejects(putHead(agent, head), { code: 'statement-mismatch', message: /says another/ });
    }
    for (const receipt of [
      receiptOf({ forest: 'other.example.com' }),
      receiptOf({ tenant: 'another' }),
      good,
    ]) {
      await assert.rejects(putReceipt(receipt), { code: 'statement-mismatch' });
    }
    await assert.rejects(putHead(connect, `${'x'.repeat(30_000)}.x.x`), { code: 'bad-request' });
    await assert.rejects(putReceipt(`${'x'.repeat(800_000)}.x.x`), { code: 'bad-request' });
  });
});
