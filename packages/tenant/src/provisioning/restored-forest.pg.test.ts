import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { agentSend, call, type Send } from '@causeway/api';
import { administrationRoutes, managedDomainRoutes, type PasswordOrder } from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import {
  accountItem,
  credentialItem,
  nextSequence,
  order,
  type Person,
  person,
  seal,
  withdrawalItem,
} from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

onEveryBackend('a restored forest', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let number = 0;

  const { objects, credentials, withdraw } = provisioningOf(() => connect);
  const sealed = async (who: Person, password: string, passwordOrder: PasswordOrder) =>
    credentialItem(who, password, passwordOrder, await seal(connect, who, password, passwordOrder));
  const someone = async (): Promise<Person> => {
    const who = person(++number);
    await objects(accountItem(connect, who));
    return who;
  };
  const credentialOf = async (who: Person) =>
    (await call(admin, administrationRoutes.getUser, { params: { id: who.upn } })).credential;
  const record = async (who: Person, send = domain.send) => {
    const { items } = await call(send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    return items.find(item => item.sourceAnchor === who.anchor)!.credentialRecord;
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
  });

  it('brings older passwords by their epoch, and then no earlier one follows them', async () => {
    const who = await someone();
    await credentials(await sealed(who, 'after', order(9)));
    const restored = { ...order(3), epoch: nextSequence() };
    const item = await sealed(who, 'before', restored);
    const unlike = { ...item, passwordOrder: order(3) };
    assert.deepEqual(await credentials(unlike), ['record-mismatch'], 'the item says no epoch');
    assert.deepEqual(await credentials(item), ['applied']);
    assert.deepEqual((await credentialOf(who))?.passwordOrder, restored);
    const late = () => sealed(who, 'late', order(10));
    assert.deepEqual(await credentials(await late()), ['older-password-order']);
    const withdrawal = withdrawalItem(connect, who, { ...restored, version: 4 });
    assert.deepEqual(await withdraw(withdrawal), ['applied'], 'a reset with must change');
    assert.equal(await credentialOf(who), null);
    const own = await sealed(who, 'own', { ...restored, version: 5 });
    assert.deepEqual(await credentials(own, await late()), ['applied', 'older-password-order']);
  });

  it('ends no session and sends no news of users who are as before', async () => {
    const who = await someone();
    await credentials(await sealed(who, 'same', order(9)));
    const row = () =>
      tenant()
        .running.database.selectFrom('users')
        .select(['cloud_credential', 'session_epoch', 'news_seq', 'order_epoch'])
        .where('source_anchor', '=', who.anchor)
        .executeTakeFirstOrThrow();
    const then = await row();
    const restored = { ...order(9), epoch: nextSequence() };
    assert.deepEqual(await credentials(await sealed(who, 'same', restored)), ['applied']);
    assert.deepEqual(await row(), { ...then, order_epoch: restored.epoch });
    const unsealed = { ...order(9), epoch: nextSequence() };
    assert.deepEqual(await credentials(await credentialItem(who, 'same', unsealed)), ['applied']);
    assert.deepEqual(await row(), { ...then, order_epoch: unsealed.epoch }, 'nor without a record');
  });

  it('is shown only to a Domain Services that announced its records', async () => {
    const who = await someone();
    await credentials(await sealed(who, 'x', { ...order(1), epoch: nextSequence() }));
    const accepts = ['account-3', 'withdrawal-1'];
    const olderDomain = agentSend({ url: tenant().url }, { ...domain, clientId: domain.id, accepts });
    assert.equal(await record(who, olderDomain), null);
    assert.notEqual(await record(who), null);
  });
});
