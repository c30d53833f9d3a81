import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import {
  AAD_DC_ADMINISTRATORS,
  call,
  enrolmentRoutes,
  groupRoutes,
  managedDomainRoutes,
  type Send,
  userRoutes,
} from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { enrolAgent } from '../testing/test-agent.ts';

const ADMIN = 'admin@contoso.example.net';
const group = AAD_DC_ADMINISTRATORS;

onEveryBackend('AAD DC Administrators', tenant => {
  let admin: Send;

  const add = (user: string, name = group) =>
    call(admin, groupRoutes.addGroupMember, { params: { group: name }, body: { user } });
  const remove = (user: string) => call(admin, groupRoutes.removeGroupMember, { params: { group, user } });
  const members = async (): Promise<string[]> => {
    const reply = await call(admin, groupRoutes.listGroupMembers, { params: { group } });
    return reply.members.map(member => member.userPrincipalName);
  };
  const domainCode = () =>
    call(admin, enrolmentRoutes.createEnrolment, { body: { kind: 'domain', name: 'd', forests: [] } });

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
  });

  it('alone manage the managed domain, and everybody else is told how to become one', async () => {
    const agent = await enrolAgent(tenant().url, admin, 'domain');
    await remove(ADMIN);
    const refused = { status: 403, code: 'not-aad-dc-administrator', message: /tenant group add "AAD DC/ };
    await assert.rejects(domainCode(), refused);
    const removal = call(admin, enrolmentRoutes.removeAgent, { params: { id: agent.id } });
    await assert.rejects(removal, refused);
    await assert.rejects(call(admin, managedDomainRoutes.withdrawDomain), refused);
    await call(agent.send, managedDomainRoutes.readChanges, { query: {} });

    await add(ADMIN);
    await call(admin, enrolmentRoutes.removeAgent, { params: { id: agent.id } });
    await domainCode();
  });

  it('are not needed for a Connect', async () => {
    await remove(ADMIN);
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    await call(admin, enrolmentRoutes.removeAgent, { params: { id: connect.id } });
  });

  it('are added and removed by any name of theirs, and twice is as good as once', async () => {
    const body = { userPrincipalName: 'zoe@contoso.example' };
    const zoe = await call(admin, userRoutes.createUser, { body });
    await add('ZOE@contoso.example');
    await add(zoe.id, group.toLowerCase());
    await add(ADMIN);
    assert.deepEqual(await members(), [ADMIN, 'zoe@contoso.example']);
    const me = await call(admin, groupRoutes.getMe);
    assert.deepEqual([me.userPrincipalName, me.groups], [ADMIN, [group]]);
    await remove(ADMIN);
    await assert.rejects(remove(ADMIN), { code: 'no-member' });
    assert.deepEqual((await call(admin, groupRoutes.getMe)).groups, []);
    await call(admin, userRoutes.deleteUser, { params: { id: zoe.id } });
    assert.deepEqual(await members(), []);
  });

  it('is the only group, and takes nobody who is not there', async () => {
    await assert.rejects(add(ADMIN, 'Domain Admins'), {
      status: 404,
      code: 'no-such-group',
      message: /expected 'AAD DC Administrators'/,
    });
    await assert.rejects(add('nobody@contoso.example'), { code: 'no-such-user' });
  });
});
