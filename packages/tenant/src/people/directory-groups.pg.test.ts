import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { AAD_DC_ADMINISTRATORS, groupRoutes, managedDomainRoutes } from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { insertGroup } from '../testing/group-rows.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const ADMIN = 'admin@contoso.example.net';

onEveryBackend("the tenant's groups", tenant => {
  let admin: Send;
  let connect: TestAgent;

  const create = (displayName: string) => call(admin, groupRoutes.createGroup, { body: { displayName } });
  const rename = (group: string, displayName: string) =>
    call(admin, groupRoutes.renameGroup, { params: { group }, body: { displayName } });
  const remove = (group: string) => call(admin, groupRoutes.deleteGroup, { params: { group } });
  const show = (group: string) => call(admin, groupRoutes.getGroup, { params: { group } });
  const add = (group: string, user: string) =>
    call(admin, groupRoutes.addGroupMember, { params: { group }, body: { user } });
  const takeOut = (group: string, user: string) =>
    call(admin, groupRoutes.removeGroupMember, { params: { group, user } });
  const nest = (group: string, member: string) =>
    call(admin, groupRoutes.nestGroup, { params: { group }, body: { group: member } });
  const unnest = (group: string, member: string) =>
    call(admin, groupRoutes.unnestGroup, { params: { group, member } });
  const members = (group: string, depth: 'direct' | 'nested' = 'direct') =>
    call(admin, groupRoutes.listGroupMembers, { params: { group }, query: { depth } });
  const synchronized = (name: string, columns: Parameters<typeof insertGroup>[3] = {}) =>
    insertGroup(tenant().running.database, connect.tenantId, name, columns);
  const counter = async () => {
    const { database } = tenant().running;
    return (await database.selectFrom('change_counters').select('value').executeTakeFirstOrThrow()).value;
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
  });

  it('are created, renamed, filled, nested in a loop, emptied and deleted; each counts, and is logged with who did it', async () => {
    const steps: [string, () => Promise<unknown>][] = [
      ['group created', () => create('Project')],
      ['group created', () => create('Team')],
      ['group renamed', () => rename('project', 'Projects')],
      ['group member added', () => add('Projects', ADMIN)],
      ['group added to a group', () => nest('Team', 'Projects')],
      ['group added to a group', () => nest('Projects', 'Team')],
    ];
    for (const [event, step] of steps) {
      const before = await counter();
      await step();
      assert.ok((await counter()) > before, event);
      const logged = tenant().log().at(-1)!;
      const line =
        logged.msg === event
          ? logged
          : tenant()
              .log()
              .findLast(({ msg }) => msg === event)!;
      assert.ok(line.by && line.address && line.tenant === 'contoso', event);
    }
    await add('Projects', ADMIN);
    const direct = await members('Team');
    assert.deepEqual([direct.members, direct.groups!.map(one => one.displayName)], [[], ['Projects']]);
    const nested = await members('Team', 'nested');
    assert.deepEqual(
      nested.members.map(one => one.userPrincipalName),
      [ADMIN],
    );
    await unnest('Projects', 'Team');
    await assert.rejects(unnest('Projects', 'Team'), { code: 'no-such-member' });
    await takeOut('Projects', ADMIN);
    await assert.rejects(takeOut('Projects', ADMIN), { code: 'no-such-member' });
    const { id } = await remove('Projects');
    await assert.rejects(show(id), { status: 404, code: 'no-such-group' });
    assert.deepEqual((await members('Team')).groups, []);
    await create('Projects');
    assert.deepEqual((await members('Team')).groups, [], 'another one of that name is another one');
  });

  it("of the tenant itself have unique names, which no forest's group has", async () => {
    await create('Sales');
    await assert.rejects(create('SALES'), { status: 409, code: 'group-exists' });
    await rename('Sales', 'sales');
    for (const bad of [
      'CORP\\Sales',
      AAD_DC_ADMINISTRATORS.toUpperCase(),
      '00000000-0000-4000-8000-000000000001',
    ])
      await assert.rejects(create(bad), { code: 'bad-group-name' });
    for (const bad of ['', ' x', 'x\n', 'x'.repeat(257)])
      await assert.rejects(create(bad), { code: 'bad-request', message: /body\.displayName/ });
  });

  it('are named by the id if several share a display name', async () => {
    const first = await synchronized('Twins');
    const second = await synchronized('twins', { forest: 'fabrikam.example.org' });
    await assert.rejects(show('TWINS'), (error: Error & { code: string; status: number }) => {
      assert.deepEqual([error.code, error.status], ['several-groups', 409]);
      for (const part of [first, `${second} of fabrikam.example.org`])
        assert.ok(error.message.includes(part));
      return true;
    });
    assert.equal((await show(second)).forest, 'fabrikam.example.org');
  });

  it('of a forest can be read here, but changed only there', async () => {
    const id = await synchronized('Domain Users of ours');
    const own = await create('Ours');
    const refused = { status: 409, code: 'synchronized-group', todo: /Change it there/ };
    for (const attempt of [
      () => rename(id, 'x'),
      () => remove(id),
      () => add(id, ADMIN),
      () => takeOut(id, ADMIN),
      () => nest(id, own.id),
      () => unnest(id, own.id),
    ])
      await assert.rejects(attempt(), refused);
    await assert.rejects(nest(own.id, id), {
      status: 409,
      code: 'synchronized-member',
      todo: /Add its people/,
    });
    assert.deepEqual((await members(own.id)).groups, []);
  });

  it("are never in, and never hold, 'AAD DC Administrators', which accepts only users", async () => {
    const own = await create('Would administer');
    await assert.rejects(nest(AAD_DC_ADMINISTRATORS, own.id), {
      code: 'special-group',
      message: /people alone/,
    });
    await assert.rejects(nest(own.id, AAD_DC_ADMINISTRATORS), { code: 'special-group' });
    await add(own.id, ADMIN);
    const domain = await enrolAgent(tenant().url, admin, 'domain');
    await takeOut(AAD_DC_ADMINISTRATORS, ADMIN);
    const { members: proposed } = await call(domain.send, managedDomainRoutes.readAdministrators);
    assert.deepEqual(proposed, []);
    assert.deepEqual(await members(AAD_DC_ADMINISTRATORS), { members: [] });
  });

  it('are listed by name, a page at a time, and found by a part of a name or of the mail address', async () => {
    const found = ['é Report', 'Reports', 'reporters'];
    for (const name of found) await synchronized(name, { sam_account_name: `sam-${name}` });
    await synchronized('Other', { mail: 'REPORT%@example.com' });
    await synchronized('Gone reports', { deleted_at: new Date() });
    const list = async (search?: string) => {
      const names: string[] = [];
      for (let after: string | undefined; ; ) {
        const query = { limit: 2, ...(after && { after }), ...(search && { search }) };
        const page = await call(admin, groupRoutes.listGroups, { query });
        names.push(...page.groups.map(one => one.displayName!));
        if (!page.more) return names;
        after = page.groups.at(-1)!.id;
      }
    };
    assert.deepEqual((await list('rePORT')).sort(), [...found, 'Other'].sort());
    assert.deepEqual(await list('t%@'), ['Other']);
    const all = await list();
    assert.deepEqual([new Set(all).size >= found.length + 2, all.includes('Gone reports')], [true, false]);
    const ascii = all.filter(name => /^[a-z ]+$/i.test(name)).map(name => name.toLowerCase());
    assert.deepEqual(
      ascii,
      ascii.toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it('of another tenant are invisible', async () => {
    const own = await create('Secret');
    const other = await tenant().createTenant('fabrikam');
    for (const params of [{ group: own.id }, { group: 'Secret' }]) {
      await assert.rejects(call(other.send, groupRoutes.getGroup, { params }), { code: 'no-such-group' });
      await assert.rejects(call(other.send, groupRoutes.deleteGroup, { params }), { code: 'no-such-group' });
      const listed = call(other.send, groupRoutes.listGroupMembers, { params, query: {} });
      await assert.rejects(listed, { code: 'no-such-group' });
    }
    assert.deepEqual((await call(other.send, groupRoutes.listGroups, { query: {} })).groups, []);
  });
});
