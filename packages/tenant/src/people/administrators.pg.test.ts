import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, callLocally, httpSend, type Send, serviceIn } from '@causeway/api';
import {
  administratorRoutes,
  groupRoutes,
  synchronizationRoutes,
  tenantLocalRoutes,
  userRoutes,
} from '@causeway/contract';
import { realClock } from '@causeway/service';
import { Installation } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, person } from '../testing/people.ts';
import { enrolAgent } from '../testing/test-agent.ts';
import { listAdministrators, setAdministrator } from './administrators.ts';
import { setBlocked as setBlockedOf } from './blocks.ts';
import { deleteCloudUser, setEnabled as setEnabledOf } from './cloud-users.ts';

const FIRST = 'admin@contoso.example.net';

onEveryBackend('administrators', tenant => {
  let first: Send;
  let number = 0;

  const add = (user: string) => call(first, administratorRoutes.addAdministrator, { body: { user } });
  const remove = (send: Send, user: string) =>
    call(send, administratorRoutes.removeAdministrator, { params: { user } });
  const setEnabled = (send: Send, id: string, enabled: boolean) =>
    call(send, userRoutes.setUserEnabled, { params: { id }, body: { enabled } });
  const setBlocked = (send: Send, id: string, blocked: boolean) =>
    call(send, userRoutes.setUserBlocked, { params: { id }, body: { blocked } });
  const list = async () => (await call(first, administratorRoutes.listAdministrators)).administrators;
  const tokenOf = async (administrator: string): Promise<Send> => {
    const service = serviceIn(tenant().stateDirectory, 'tenant');
    const body = { tenant: 'contoso', administrator };
    const { token } = await callLocally(service, tenantLocalRoutes.createToken, { body });
    return httpSend({ url: tenant().url }, async () => token);
  };
  /** Another administrator, with a token. */
  const another = async (): Promise<{ id: string; upn: string; send: Send }> => {
    const upn = `other${++number}@contoso.example`;
    const { id } = await call(first, userRoutes.createUser, { body: { userPrincipalName: upn } });
    await add(upn);
    return { id, upn, send: await tokenOf(upn) };
  };
  const works = (send: Send) => call(send, groupRoutes.getMe);
  const ended = (send: Send, why: string) => assert.rejects(works(send), { code: 'unauthorized' }, why);

  before(async () => {
    first = (await tenant().createTenant('contoso')).send;
  });

  it('are cloud-only users, added and removed by one another', async () => {
    const other = await another();
    await add(other.upn);
    assert.deepEqual(
      (await list()).map(({ userPrincipalName, able, tokens }) => [userPrincipalName, able, tokens]),
      [
        [FIRST, true, 1],
        [other.upn, true, 1],
      ],
    );
    await works(other.send);
    await remove(first, other.upn);
    await ended(other.send, 'removed');
    await assert.rejects(tokenOf(other.upn), { code: 'no-such-administrator' });
    await add(other.upn);
    await ended(other.send, 'a token of before does not come back');
    await remove(first, other.upn);

    const connect = await enrolAgent(tenant().url, first, 'connect');
    const who = person(1);
    const body = { forest: FOREST, changes: [accountItem(connect, who)] };
    await call(connect.send, synchronizationRoutes.exportObjects, { body });
    await assert.rejects(add(who.upn), { code: 'synchronized-user' });
    await assert.rejects(add('nobody@contoso.example'), { code: 'no-such-user' });
  });

  const endings: Record<string, (id: string) => Promise<unknown>> = {
    'a password reset': id => call(first, userRoutes.resetPassword, { params: { id } }),
    'disabling, even if the administrator is enabled again': async id => {
      await setEnabled(first, id, false);
      await setEnabled(first, id, true);
    },
    'a block, even if it is lifted again': async id => {
      await setBlocked(first, id, true);
      await setBlocked(first, id, false);
    },
    deletion: id => call(first, userRoutes.deleteUser, { params: { id } }),
  };
  for (const [why, end] of Object.entries(endings)) {
    it(`have tokens that end with ${why}`, async () => {
      const other = await another();
      await works(other.send);
      await end(other.id);
      await ended(other.send, why);
      if (why !== 'deletion') await remove(first, other.upn);
    });
  }

  it('list and revoke tokens by names that open nothing', async () => {
    const other = await another();
    const { tokens } = await call(first, administratorRoutes.listTokens);
    assert.deepEqual(
      tokens.map(({ administrator, own }) => [administrator, own]),
      [
        [FIRST, true],
        [other.upn, false],
      ],
    );
    const params = { id: tokens[1]!.id };
    await call(first, administratorRoutes.revokeToken, { params });
    await ended(other.send, 'revoked');
    await works(first);
    const again = call(first, administratorRoutes.revokeToken, { params });
    await assert.rejects(again, { code: 'no-such-token' });
    await remove(first, other.upn);
  });

  it('cannot lock themselves out', async () => {
    const acts = [
      () => remove(first, FIRST),
      () => setEnabled(first, FIRST, false),
      () => setBlocked(first, FIRST, true),
      () => call(first, userRoutes.deleteUser, { params: { id: FIRST } }),
    ];
    for (const act of acts) await assert.rejects(act(), { code: 'own-account' });
    await works(first);
  });

  it('keep one who is able: if two are revoked at once, in any way, one stays', async () => {
    const ways: Record<string, (scope: TenantScope, id: string) => Promise<unknown>> = {
      disable: (scope, id) => setEnabledOf(scope, id, false),
      block: (scope, id) => setBlockedOf(scope, id, true),
      remove: (scope, id) => setAdministrator(scope, id, false),
      delete: deleteCloudUser,
    };
    for (const [way, act] of Object.entries(ways)) {
      for (const [otherWay, otherAct] of Object.entries(ways)) {
        const name = `${way}-${otherWay}`;
        const { send } = await tenant().createTenant(name);
        const { scope } = (await new Installation(tenant().running.database, realClock).findTenant(name))!;
        const body = { userPrincipalName: 'second@contoso.example' };
        const { id } = await call(send, userRoutes.createUser, { body });
        await setAdministrator(scope, id, true);
        const { id: other } = (await listAdministrators(scope)).find(one => one.id !== id)!;
        const results = await Promise.allSettled([act(scope, id), otherAct(scope, other)]);
        const codes = results.map(result => result.status === 'rejected' && result.reason.code);
        assert.deepEqual(codes.filter(Boolean), ['last-administrator'], name);
        const left = (await listAdministrators(scope)).filter(one => one.able);
        assert.equal(left.length, 1, name);
      }
    }
  });
});
