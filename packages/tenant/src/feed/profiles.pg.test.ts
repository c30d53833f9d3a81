import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { agentSend, call, type Send } from '@causeway/api';
import {
  ACCEPTED_RECORDS,
  administrationRoutes,
  EMPTY_PROFILE,
  firstProfile,
  managedDomainRoutes,
  type Profile,
  storedRoutes,
} from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, credentialItem, order, person, seal } from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

/** What all earlier releases announce for users. */
const BEFORE = ['account-3', 'credential-3', 'withdrawal-1', 'withdrawal-2'];

onEveryBackend('profiles', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  const { objects, credentials } = provisioningOf(() => connect);

  const as = (agent: TestAgent, accepts: readonly string[]): Send =>
    agentSend({ url: tenant().url }, { ...agent, clientId: agent.id, version: '1.0.0', accepts });
  const read = (after: string, accepts: readonly string[] = ACCEPTED_RECORDS) =>
    call(as(domain, accepts), managedDomainRoutes.readChanges, { query: { after } });
  const statusOf = (number: number) =>
    call(admin, administrationRoutes.getUser, { params: { id: person(number).upn! } });

  const WHOLE: Profile = {
    ...EMPTY_PROFILE,
    ...{ displayName: 'Zoë', city: 'Zürich', extensionAttribute15: 'last', proxyAddresses: ['SMTP:z@b.c'] },
    ...{ extensions: { roomNumber: ['1', '2'] }, manager: person(2).anchor },
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
  });

  it('are kept whole, shown with the manager while the manager exists, and cleared by the next', async () => {
    assert.deepEqual(await objects(accountItem(connect, person(1), { profile: WHOLE })), ['applied']);
    const alone = await statusOf(1);
    assert.deepEqual([alone.profile, alone.manager], [WHOLE, undefined]);
    await objects(accountItem(connect, person(2)));
    const { manager } = await statusOf(1);
    assert.deepEqual(manager, { id: (await statusOf(2)).id, userPrincipalName: person(2).upn });
    const { users } = await call(admin, administrationRoutes.listUsers, { query: { limit: 10 } });
    assert.equal(users.filter(user => user.manager !== undefined).length, 1);
    await objects(accountItem(connect, person(2), { deleted: true }));
    assert.equal((await statusOf(1)).manager, undefined);
    const next = { ...EMPTY_PROFILE, displayName: 'Zoë' };
    await objects(accountItem(connect, person(1), { profile: next }));
    assert.deepEqual((await statusOf(1)).profile, next);
  });

  it('go out with their record, not when only sent again, and to an earlier release as far as it knows them', async () => {
    const { cursor } = await read('');
    await objects(accountItem(connect, person(3), { profile: WHOLE }));
    const send = async () => {
      const record = await seal(connect, person(3), 'Spring-2026-01', order(1));
      await credentials(await credentialItem(person(3), 'Spring-2026-01', order(1), record));
    };
    await send();
    const news = await read(cursor);
    assert.deepEqual(
      news.items.map(({ profile }) => profile),
      [WHOLE],
    );
    await send();
    const again = await read(news.cursor);
    assert.deepEqual(
      again.items.map(item => 'profile' in item),
      [false],
    );
    for (const after of [cursor, news.cursor]) {
      const { items } = await read(after, BEFORE);
      assert.deepEqual(
        items.map(({ profile, accountRecord }) => [profile, accountRecord]),
        [[firstProfile(WHOLE), null]],
        'nor is it shown the record',
      );
    }
  });

  it('are compared as far as the asking Connect knows them', async () => {
    const body = { forest: FOREST, after: person(2).anchor };
    for (const [accepts, profile] of [
      [ACCEPTED_RECORDS, WHOLE],
      [BEFORE, firstProfile(WHOLE)],
    ] as const) {
      const { users } = await call(as(connect, accepts), storedRoutes.readStoredUsers, { body });
      assert.deepEqual(
        users.map(user => user.profile),
        [profile],
      );
    }
  });

  it('fail alone when they are not as agreed', async () => {
    const good = accountItem(connect, person(5), { profile: WHOLE });
    const bad = accountItem(connect, person(4), { profile: WHOLE });
    assert.ok(bad.operation === 'upsert');
    const others = ['applied', 'unchanged', 'unchanged'];
    for (const profile of [
      { ...WHOLE, city: 'x'.repeat(2049) },
      { ...WHOLE, proxyAddresses: ['b', 'a'] },
      { ...WHOLE, shoeSize: '42' },
    ])
      assert.deepEqual(await objects({ ...bad, profile } as never, good), ['invalid', others.shift()]);
  });
});
