import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call } from '@causeway/api';
import {
  MAX_STORED,
  storedRoutes as routes,
  type StoredGroup,
  type StoredMembership,
  type StoredUser,
} from '@causeway/contract';
import { memberKey } from '@causeway/records';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { group, groupItem, groupProvisioningOf, membersItem } from '../testing/groups.ts';
import { accountItem, credentialItem, order, person, withdrawalItem } from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const OTHER_FOREST = 'fabrikam.example.org';
const EMPTY_FOREST = 'empty.example.org';

onEveryBackend('the stored objects, for a Connect that compares', tenant => {
  let connect: TestAgent;
  let elsewhere: TestAgent;
  const { objects, credentials, withdraw } = provisioningOf(() => connect);
  const { groups, members } = groupProvisioningOf(() => connect);

  const usersOf = async (forest = FOREST, agent = connect): Promise<StoredUser[]> => {
    const users: StoredUser[] = [];
    for (;;) {
      const body = { forest, after: users.at(-1)?.sourceAnchor ?? '' };
      const page = await call(agent.send, routes.readStoredUsers, { body });
      users.push(...page.users);
      if (!page.more) return users;
    }
  };
  const groupsOf = async (forest = FOREST, agent = connect): Promise<StoredGroup[]> => {
    const found: StoredGroup[] = [];
    for (;;) {
      const body = { forest, after: found.at(-1)?.sourceAnchor ?? '' };
      const page = await call(agent.send, routes.readStoredGroups, { body });
      found.push(...page.groups);
      if (!page.more) return found;
    }
  };
  const membershipsOf = async (forest = FOREST, agent = connect): Promise<StoredMembership[]> => {
    const found: StoredMembership[] = [];
    for (;;) {
      const body = { forest, after: found.at(-1) ?? null };
      const page = await call(agent.send, routes.readStoredMemberships, { body });
      found.push(...page.memberships);
      if (!page.more) return found;
      assert.ok(page.memberships.length > 0, 'more, and none of it');
    }
  };
  const run = (statement: ReturnType<typeof sql>) => statement.execute(tenant().running.database);

  before(async () => {
    const { send } = await tenant().createTenant('contoso');
    const forests = [FOREST, OTHER_FOREST, EMPTY_FOREST];
    connect = await enrolAgent(tenant().url, send, 'connect', 'connect', forests);
    const other = (await tenant().createTenant('fabrikam')).send;
    elsewhere = await enrolAgent(tenant().url, other, 'connect', 'connect', forests);
    await objects(
      ...[accountItem(connect, person(1)), accountItem(connect, person(2, { enabled: false }))],
      ...[accountItem(connect, person(3, { expires: '2031-01-01T00:00:00.000Z' }))],
      ...[accountItem(connect, person(4)), accountItem(connect, person(5))],
    );
    await objects(accountItem(connect, person(5), { deleted: true }));
    await credentials(await credentialItem(person(1), 'Spring-2026-01', { ...order(3), epoch: 2 }));
    await withdraw(withdrawalItem(connect, person(2), order(4)));
    const theirs = provisioningOf(() => connect, OTHER_FOREST);
    await theirs.objects(accountItem(connect, person(1, { upn: 'a@b.example' }), { forest: OTHER_FOREST }));
  });

  it('shows users by anchor, with the order of a password and whether it was withdrawn, and nothing more of it', async () => {
    const users = await usersOf();
    const [first, second, third, fourth, none] = users;
    assert.equal(none, undefined, 'whoever was deleted is not there');
    assert.deepEqual(
      users.map(({ sourceAnchor }) => sourceAnchor),
      [1, 2, 3, 4].map(n => person(n).anchor),
    );
    assert.deepEqual(first, {
      ...{ sourceAnchor: person(1).anchor, objectGuid: person(1).guid },
      ...{ userPrincipalName: person(1).upn, signInName: person(1).upn, nameProblem: null },
      ...{ onPremisesSamAccountName: 'user1', onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1104' },
      ...{ accountEnabled: true, accountExpires: null, profile: first!.profile },
      ...{ passwordOrder: { ...order(3), epoch: 2 }, withdrawn: false },
    });
    assert.equal(first!.profile.displayName, 'Zoë Ünal');
    assert.deepEqual(
      [second!.accountEnabled, second!.passwordOrder, second!.withdrawn],
      [false, order(4), true],
    );
    assert.deepEqual(
      [third!.accountExpires, third!.passwordOrder, third!.withdrawn],
      ['2031-01-01T00:00:00.000Z', null, false],
    );
    assert.ok(fourth);
    const answer = JSON.stringify(users);
    assert.equal(/PPH1|\$|record|credential/i.test(answer), false);
  });

  it('shows what was written directly into the table, even if no forest can have sent it', async () => {
    await run(sql`update users set profile = jsonb_set(profile, '{department}', to_jsonb(repeat('x', 2000))),
      account_expires = 'infinity', sam_account_name = repeat('y', 300) where source_anchor = ${person(4).anchor}`);
    const fourth = (await usersOf())[3]!;
    assert.deepEqual(
      [fourth.profile.department, fourth.accountExpires, fourth.onPremisesSamAccountName],
      [null, null, null],
    );
  });

  it('shows groups and memberships page by page, each once and in order, however large a group is', async () => {
    const large = group(1);
    const empty = group(2);
    const small = group(3);
    const gone = group(4);
    const sid = 'S-1-5-21-9-9-9-1104';
    await groups(...[large, empty, small, gone].map(each => groupItem(connect, each)));
    const everybody = Array.from({ length: MAX_STORED * 2 + 1 }, (_, n) => person(1000 + n).anchor);
    for (const [n, prefix] of ['000', '001', '010', '011', '100', '101', '110', '111'].entries()) {
      const some = everybody.filter(one => Number.parseInt(memberKey(one)[0]!, 16) >> 1 === n);
      assert.deepEqual(await members(membersItem(connect, large, some, { prefix })), ['applied']);
    }
    await members(membersItem(connect, small, [sid, person(1).anchor]));
    await members(membersItem(connect, gone, [person(1).anchor]));
    await groups(groupItem(connect, gone, { deleted: true }));
    assert.deepEqual(
      (await groupsOf()).map(({ sourceAnchor }) => sourceAnchor),
      [large, empty, small].map(({ anchor }) => anchor),
    );
    assert.deepEqual((await groupsOf())[0], {
      ...{ sourceAnchor: large.anchor, objectGuid: large.guid, sAMAccountName: large.name },
      ...{ displayName: large.name, mail: null, objectSid: 'S-1-5-21-1-2-3-2104' },
      ...{ securityEnabled: true, scope: 'global' },
    });
    const lines = ({ anchor: sourceAnchor }: { anchor: string }, references: string[]) =>
      references
        .map(member => ({ sourceAnchor, key: memberKey(member), member }))
        .sort((one, other) => (one.key < other.key ? -1 : 1));
    assert.deepEqual(await membershipsOf(), [
      ...lines(large, everybody),
      ...lines(small, [sid, person(1).anchor]),
    ]);
  });

  it('shows more groups and users than fit into one answer', async () => {
    await run(sql`insert into groups (tenant_id, id, origin, forest, source_anchor, security_enabled, created_at)
      select ${connect.tenantId}::uuid, gen_random_uuid(), 'synchronized', ${OTHER_FOREST}, 'g' || lpad(n::text, 8, '0'), true, now()
      from generate_series(1, ${MAX_STORED + 700}) as n`);
    const last = `g${String(MAX_STORED + 700).padStart(8, '0')}`;
    await run(sql`insert into memberships (tenant_id, group_id, key, reference)
      select tenant_id, id, '0', 'somebody' from groups where source_anchor = ${last}`);
    assert.equal(new Set((await groupsOf(OTHER_FOREST)).map(one => one.sourceAnchor)).size, MAX_STORED + 700);
    assert.deepEqual(await membershipsOf(OTHER_FOREST), [
      { sourceAnchor: last, key: '0', member: 'somebody' },
    ]);
    await run(sql`insert into users (tenant_id, id, origin, forest, source_anchor, user_principal_name, upn_key, account_enabled,
        profile, administrator, created_at, wanted_since)
      select tenant_id, gen_random_uuid(), origin, forest, 'u' || lpad(n::text, 8, '0'), '', n::text, true,
        jsonb_set(profile, '{mail}', to_jsonb(repeat(U&'\\0001', 1000))), false, created_at, 0
      from users, generate_series(1, ${MAX_STORED + 10}) as n where forest = ${OTHER_FOREST}`);
    const { users, more } = await call(connect.send, routes.readStoredUsers, {
      body: { forest: OTHER_FOREST, after: '' },
    });
    assert.ok(more && users.length < MAX_STORED, 'long ones are fewer');
    assert.equal((await usersOf(OTHER_FOREST)).length, MAX_STORED + 11);
  });

  it('answers an agent only about its own forests and its own tenant', async () => {
    for (const forest of [FOREST, OTHER_FOREST])
      assert.deepEqual(
        [
          await usersOf(forest, elsewhere),
          await groupsOf(forest, elsewhere),
          await membershipsOf(forest, elsewhere),
        ],
        [[], [], []],
      );
    assert.deepEqual(
      [await usersOf(EMPTY_FOREST), await groupsOf(EMPTY_FOREST), await membershipsOf(EMPTY_FOREST)],
      [[], [], []],
    );
    const foreign = { ...group(3), anchor: `g${'1'.padStart(8, '0')}` };
    const after = { sourceAnchor: foreign.anchor, key: '', member: 'a' };
    const page = await call(connect.send, routes.readStoredMemberships, { body: { forest: FOREST, after } });
    assert.deepEqual(
      page,
      { memberships: [], more: false },
      "another forest's group is no place to go on from",
    );
    for (const forest of ['west.example.com', 'CORP.example.com'])
      await assert.rejects(usersOf(forest), {
        code: forest === 'west.example.com' ? 'other-forest' : 'bad-request',
      });
  });
});
