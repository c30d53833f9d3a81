import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { groupRoutes, userRoutes } from '@causeway/contract';
import { applyObject } from '../testing/apply.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { insertGroup, insertMemberships } from '../testing/group-rows.ts';
import { type Person, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const OTHER = 'fabrikam.example.org';

onEveryBackend('memberships', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let number = 0;

  const database = () => tenant().running.database;
  const group = (name: string, columns: Parameters<typeof insertGroup>[3] = {}) =>
    insertGroup(database(), connect.tenantId, name, columns);
  const anchorOf = (id: string) => `anchor-of-${id}`;
  const put = (id: string, ...references: string[]) =>
    insertMemberships(database(), connect.tenantId, id, references);
  const makeUser = async (sid?: string): Promise<Person> => {
    const who = person(++number);
    await applyObject(connect, who);
    if (sid !== undefined) {
      const users = database().updateTable('users').where('source_anchor', '=', who.anchor);
      await users.set({ security_identifier: sid }).execute();
    }
    return who;
  };
  const groupsOf = async (who: Person, query: { depth?: 'nested'; only?: 'security' } = {}) => {
    const asked = { params: { id: who.anchor }, query };
    const { groups } = await call(admin, groupRoutes.listGroupsOfUser, asked);
    return groups.map(({ displayName }) => displayName);
  };
  const membersOf = async (id: string, depth: 'direct' | 'nested' = 'direct') => {
    const asked = { params: { group: id }, query: { depth } };
    const { members } = await call(admin, groupRoutes.listGroupMembers, asked);
    return members.map(({ userPrincipalName }) => userPrincipalName).sort();
  };
  const listed = (id: string, depth: 'direct' | 'nested' = 'direct') =>
    call(admin, groupRoutes.listGroupMembers, { params: { group: id }, query: { depth } });

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect', 'connect', [FOREST, OTHER]);
  });

  it('go up and down through nested groups, and loops end', async () => {
    const who = await makeUser();
    const [a, b, c] = [await group('A'), await group('B'), await group('C')];
    await put(a, who.anchor, anchorOf(c));
    await put(b, anchorOf(a));
    await put(c, anchorOf(b), anchorOf(c));
    assert.deepEqual(await groupsOf(who), ['A']);
    assert.deepEqual(await groupsOf(who, { depth: 'nested' }), ['A', 'B', 'C']);
    assert.deepEqual([await membersOf(c), await membersOf(c, 'nested')], [[], [who.upn]]);
    const nested = (await listed(c, 'nested')).groups!.map(({ displayName }) => displayName).sort();
    assert.deepEqual(nested, ['A', 'B', 'C']);
    const direct = (await listed(c)).groups!.map(({ displayName }) => displayName).sort();
    assert.deepEqual(direct, ['B', 'C']);
  });

  it('give no rights through a distribution group, in either direction', async () => {
    const who = await makeUser();
    const list = await group('List', { security_enabled: false });
    const rights = await group('Rights');
    await put(list, who.anchor);
    await put(rights, anchorOf(list));
    assert.deepEqual(await groupsOf(who, { depth: 'nested' }), ['List', 'Rights']);
    assert.deepEqual(await groupsOf(who, { depth: 'nested', only: 'security' }), []);
    assert.deepEqual(await membersOf(rights, 'nested'), []);
    const mail = await group('Mail', { security_enabled: false });
    await put(mail, anchorOf(list));
    assert.deepEqual(await membersOf(mail, 'nested'), [who.upn]);
  });

  it('hold a forest to its own users: an anchor counts only within its forest, a SID everywhere', async () => {
    const sid = 'S-1-5-21-9-9-9-1200';
    const who = await makeUser(sid);
    const [byAnchor, bySid] = [
      await group('Anchor', { forest: OTHER }),
      await group('Sid', { forest: OTHER }),
    ];
    await put(byAnchor, who.anchor, sid.replace('1200', '1299'));
    await put(bySid, sid);
    assert.deepEqual(await groupsOf(who), ['Sid']);
    assert.deepEqual([await membersOf(byAnchor), await membersOf(bySid)], [[], [who.upn]]);
    const { unresolved } = await listed(byAnchor);
    assert.deepEqual(unresolved!.sort(), [sid.replace('1200', '1299'), who.anchor].sort());
    assert.deepEqual((await listed(bySid)).unresolved, []);
  });

  it('by a SID that two undeleted objects have count for neither, until only one of them has it', async () => {
    const sid = 'S-1-5-21-9-9-9-1300';
    const [first, second] = [await makeUser(sid), await makeUser(sid)];
    const shared = await group('Shared', { forest: OTHER });
    await put(shared, sid);
    assert.deepEqual([await membersOf(shared), await groupsOf(first), await groupsOf(second)], [[], [], []]);
    assert.deepEqual((await listed(shared)).unresolved, [sid]);
    await applyObject(connect, second, true);
    assert.deepEqual([await membersOf(shared), await groupsOf(first)], [[first.upn], ['Shared']]);
    await group('Namesake', { security_identifier: sid });
    assert.deepEqual([await membersOf(shared), await groupsOf(first)], [[], []]);
  });

  it('nest a group by its SID in a group of another forest', async () => {
    const who = await makeUser();
    const inner = await group('Inner', { security_identifier: 'S-1-5-21-9-9-9-1400' });
    const outer = await group('Outer', { forest: OTHER });
    await put(inner, who.anchor);
    await put(outer, 'S-1-5-21-9-9-9-1400');
    assert.deepEqual(await groupsOf(who, { depth: 'nested' }), ['Inner', 'Outer']);
    assert.deepEqual(await membersOf(outer, 'nested'), [who.upn]);
  });

  it('of deleted groups and users do not count', async () => {
    const who = await makeUser();
    const [inner, outer] = [await group('Gone'), await group('Kept')];
    await put(inner, who.anchor);
    await put(outer, anchorOf(inner));
    await database().updateTable('groups').set({ deleted_at: new Date() }).where('id', '=', inner).execute();
    assert.deepEqual([await groupsOf(who, { depth: 'nested' }), await membersOf(outer, 'nested')], [[], []]);
    await assert.rejects(membersOf(inner), { code: 'no-such-group' });
    await put(outer, who.anchor);
    await applyObject(connect, who, true);
    assert.deepEqual([await groupsOf(who), await membersOf(outer)], [[], []]);
  });

  it("of the tenant's own groups are by id, so that no object of a forest can stand for one", async () => {
    const made = await call(admin, userRoutes.createUser, {
      body: { userPrincipalName: 'c@contoso.example' },
    });
    const who = await makeUser();
    const own = await call(admin, groupRoutes.createGroup, { body: { displayName: 'Own' } });
    await call(admin, groupRoutes.addGroupMember, { params: { group: own.id }, body: { user: who.upn } });
    await call(admin, groupRoutes.addGroupMember, { params: { group: 'own' }, body: { user: made.id } });
    assert.deepEqual(await membersOf(own.id), ['c@contoso.example', who.upn]);
    assert.deepEqual(await groupsOf(who), ['Own']);
    const foreign = await group('Foreign');
    await put(foreign, made.id, own.id);
    assert.deepEqual(await membersOf(foreign, 'nested'), []);
    await call(admin, userRoutes.deleteUser, { params: { id: made.id } });
    assert.deepEqual(await membersOf(own.id), [who.upn]);
  });

  it('are shown a page at a time, however many references name the same member', async () => {
    const sid = 'S-1-5-21-9-9-9-1500';
    const people = [await makeUser(sid), await makeUser(), await makeUser()];
    const [large, nested] = [await group('Large'), await group('Nested', { forest: OTHER })];
    const inner = await group('Inner of large', { security_identifier: 'S-1-5-21-9-9-9-1501' });
    await put(large, ...people.slice(1).map(({ anchor }) => anchor), 'x1', 'x2', anchorOf(inner));
    await put(nested, sid, 'x1', 'S-1-5-21-9-9-9-1501');
    await put(inner, anchorOf(nested), 'S-1-5-21-9-9-9-1502');
    await database()
      .updateTable('groups')
      .set({ security_identifier: 'S-1-5-21-9-9-9-1502' })
      .where('id', '=', nested)
      .execute();
    for (const limit of [1, 2, 1000]) {
      const [names, groups, unresolved] = [new Set<string>(), new Set<string>(), [] as string[]];
      for (let after: string | undefined; ; ) {
        const query = { depth: 'nested' as const, limit, ...(after && { after }) };
        const page = await call(admin, groupRoutes.listGroupMembers, { params: { group: large }, query });
        for (const { userPrincipalName } of page.members) names.add(userPrincipalName);
        for (const { displayName } of page.groups!) groups.add(displayName!);
        unresolved.push(...page.unresolved!);
        after = page.next;
        if (after === undefined) break;
      }
      assert.deepEqual([...names].sort(), people.map(({ upn }) => upn).sort());
      assert.deepEqual([...groups].sort(), ['Inner of large', 'Nested']);
      // An anchor means something only in its own forest, so these are two.
      assert.deepEqual(unresolved.sort(), [anchorOf(nested), 'x1', 'x1', 'x2'].sort());
    }
    const bad = { params: { group: large }, query: { after: 'nonsense' } };
    await call(admin, groupRoutes.listGroupMembers, bad);
  });
});
