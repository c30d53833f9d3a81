import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import {
  AAD_DC_ADMINISTRATORS,
  enrolmentRoutes,
  groupRoutes,
  MAX_PROPOSED,
  managedDomainRoutes,
  synchronizationRoutes,
  userRoutes,
} from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

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

  it('alone manage the managed domain, and others learn how to become one', async () => {
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

  it('are added and removed by any name of theirs, and twice has the same effect as once', async () => {
    const body = { userPrincipalName: 'zoe@contoso.example' };
    const zoe = await call(admin, userRoutes.createUser, { body });
    await add('ZOE@contoso.example');
    await add(zoe.id, group.toLowerCase());
    await add(ADMIN);
    assert.deepEqual(await members(), [ADMIN, 'zoe@contoso.example']);
    const me = await call(admin, groupRoutes.getMe);
    assert.deepEqual([me.userPrincipalName, me.groups], [ADMIN, [group]]);
    await remove(ADMIN);
    await assert.rejects(remove(ADMIN), { code: 'no-such-member' });
    assert.deepEqual((await call(admin, groupRoutes.getMe)).groups, []);
    await call(admin, userRoutes.deleteUser, { params: { id: zoe.id } });
    assert.deepEqual(await members(), []);
  });

  it('is the only such group, and accepts no unknown user', async () => {
    await assert.rejects(add(ADMIN, 'Domain Admins'), {
      status: 404,
      code: 'no-such-group',
      message: /expected 'AAD DC Administrators'/,
    });
    await assert.rejects(add('nobody@contoso.example'), { code: 'no-such-user' });
  });

  const provision = async (connect: TestAgent, ...changes: ReturnType<typeof accountItem>[]) => {
    const body = { forest: FOREST, changes };
    const { verdicts } = await call(connect.send, synchronizationRoutes.exportObjects, { body });
    assert.ok(verdicts.every(({ verdict }) => verdict === 'applied'));
  };

  it('are shown to the managed domain by name and id, and another addition has another time', async () => {
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    const domain = await enrolAgent(tenant().url, admin, 'domain');
    await remove(ADMIN);
    const proposed = () => call(domain.send, managedDomainRoutes.readAdministrators);
    assert.deepEqual(await proposed(), { members: [], more: 0 });

    const ann = person(1);
    const nameless = { ...person(2), upn: null };
    await provision(connect, accountItem(connect, ann), accountItem(connect, nameless));
    await add(ann.upn);
    await add(ADMIN);
    await add(nameless.anchor);
    const { members: shown, more } = await proposed();
    const adminId = (await call(admin, groupRoutes.getMe)).id;
    assert.deepEqual(
      shown.map(({ origin, forest, sourceAnchor, userPrincipalName }) => [
        ...[origin, forest, sourceAnchor, userPrincipalName],
      ]),
      [
        ['synchronized', FOREST, ann.anchor, ann.upn],
        ['cloud', null, adminId, ADMIN],
        ['synchronized', FOREST, nameless.anchor, ''],
      ],
    );
    assert.equal(more, 0);
    await remove(nameless.anchor);

    await add(ann.upn);
    assert.equal((await proposed()).members[0]!.addedAt, shown[0]!.addedAt, 'a member already');
    await remove(ann.upn);
    await add(ann.upn);
    const again = (await proposed()).members.find(({ sourceAnchor }) => sourceAnchor === ann.anchor);
    assert.ok(again!.addedAt > shown[0]!.addedAt);

    await provision(connect, accountItem(connect, ann, { deleted: true }));
    assert.deepEqual(
      (await proposed()).members.map(({ userPrincipalName }) => userPrincipalName),
      [ADMIN],
    );
    await assert.rejects(call(connect.send, managedDomainRoutes.readAdministrators), { status: 403 });
  });

  it('are proposed up to a limit, the longest-standing members first, and the rest is counted', async () => {
    const other = await tenant().createTenant('fabrikam');
    const connect = await enrolAgent(tenant().url, other.send, 'connect');
    const domain = await enrolAgent(tenant().url, other.send, 'domain');
    const people = Array.from({ length: MAX_PROPOSED + 1 }, (_, i) => person(i + 1));
    await provision(connect, ...people.map(one => accountItem(connect, one)));
    const { database } = tenant().running;
    const users = await database
      .selectFrom('users')
      .select(['tenant_id', 'id', 'source_anchor'])
      .where('tenant_id', '=', connect.tenantId)
      .where('origin', '=', 'synchronized')
      .execute();
    const place = new Map(people.map(({ anchor }, i) => [anchor, i]));
    const rows = users.map(({ tenant_id, id, source_anchor }) => {
      const added_at = new Date(Date.now() + 1000 * place.get(source_anchor!)!);
      return { tenant_id, group_name: group, user_id: id, added_at };
    });
    await database.insertInto('group_members').values(rows).execute();
    const proposed = () => call(domain.send, managedDomainRoutes.readAdministrators);
    const { members: first, more } = await proposed();
    const anchors = people.map(({ anchor }) => anchor);
    const shown = new Set(first.map(({ sourceAnchor }) => sourceAnchor));
    assert.deepEqual([first.length, more, first[0]!.origin], [MAX_PROPOSED, 2, 'cloud']);
    assert.deepEqual(
      anchors.filter(anchor => !shown.has(anchor)),
      anchors.slice(-2),
    );
    const params = { group, user: people[0]!.upn };
    await call(other.send, groupRoutes.removeGroupMember, { params });
    const { members: next, more: left } = await proposed();
    assert.deepEqual([next.at(-1)!.sourceAnchor, left], [anchors.at(-2), 1]);
  });
});
