import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { ForestGroup, ForestPerson } from '@causeway/connect/testing';
import { type Difference, Profile } from '@causeway/contract';
import { memberKey } from '@causeway/records';
import { randomFrom } from '../random.ts';
import { seeds } from '../seeds.ts';
import { TWO_FORESTS } from './forests.ts';
import { settleGroups } from './play-groups.ts';
import { type Moment, World } from './world.ts';

const world = await World.make(TWO_FORESTS);
after(() => world.close());

const { forest, tenant } = world;
const { clock } = world.connect;
const ELSEWHERE = 'S-1-5-21-4-5-6-1100';
const PEOPLE = 80;
const people: ForestPerson[] = [];
const groups: ForestGroup[] = [];
const [STATE, DISABLED, EXPIRES] = [PEOPLE - 1, PEOPLE - 2, PEOPLE - 3];
let clean: Moment;

before(async () => {
  await world.begin();
  for (let n = 0; n < PEOPLE; n++) people.push(forest.hire(`user${n}`, `Made.Up.${n}`));
  for (let n = 0; n < 8; n++) groups.push(forest.groups.make(`group${n}`));
  for (const person of people) forest.groups.add(groups[0]!, person);
  forest.groups.add(groups[1]!, groups[0]!);
  forest.groups.add(groups[1]!, ELSEWHERE);
  forest.setPassword(people[STATE]!, 'Made.Up.other', { mustChange: true });
  forest.change(people[DISABLED]!, { enabled: false });
  forest.change(people[EXPIRES]!, { expires: '2031-05-06T00:00:00.000Z' });
  await settleGroups(world);
  await world.pass(60_000); // nothing is in flight
  clean = await world.moment();
});
afterEach(() => world.lose(['connect', 'tenant'], clean));

/** A difference in few words, without what all of them share. */
const words = ({ kind, name, what, attributes, waits }: Difference): string => {
  const how = attributes.length > 0 ? attributes.map(each => each.name) : [what];
  return [kind, name, ...how, ...(waits ? [waits] : [])].join(' ');
};
const found = async (): Promise<string[]> => (await world.connect.differences()).map(words).sort();
const upn = (n: number): string => people[n]!.principal;
const isOf = ({ anchor }: { anchor: string }): string =>
  `source_anchor = '${anchor}' and forest = '${forest.forest}'`;

/** A wrong value for each attribute of a profile that is not text. */
const OTHERWISE: Readonly<Record<string, string>> = {
  proxyAddresses: '["smtp:x@y.example"]',
  extensions: '{"division": ["x"]}',
};

/** Each column of a user, a wrong value for it, and the name under which the comparison reports it. */
const USER_COLUMNS: readonly (readonly [column: string, value: string, found: string])[] = [
  ['user_principal_name', "'x@y.example'", 'userPrincipalName'],
  ['user_principal_name', 'upper(user_principal_name)', 'userPrincipalName'],
  ['user_principal_name', "''", 'userPrincipalName'],
  ['sign_in_name', 'null', 'signInName'],
  ['sam_account_name', "'x'", 'onPremisesSamAccountName'],
  ['sam_account_name', "repeat('x', 300)", 'onPremisesSamAccountName'],
  ['security_identifier', "'S-1-5-21-1-2-3-9'", 'onPremisesSecurityIdentifier'],
  ['security_identifier', 'null', 'onPremisesSecurityIdentifier'],
  ['object_guid', 'gen_random_uuid()', 'objectGuid'],
  ['account_enabled', 'false', 'accountEnabled'],
  ['account_expires', "'2030-01-01'", 'accountExpires'],
  ['order_version', 'order_version + 1', 'password'],
  ['order_time', 'order_time + 1', 'password'],
  ['order_time', '9007199254740991', 'password'],
  ['order_invocation_id', "'11111111-2222-4333-8444-555555555555'", 'password'],
  ['order_epoch', '7', 'password'],
  ['cloud_credential', 'null', 'password'],
  ['order_version', 'null, cloud_credential = null', 'password'],
  ['deleted_at', 'now()', 'only-here'],
  ...Object.keys(Profile.shape).map(
    name => ['profile', `jsonb_set(profile, '{${name}}', '${OTHERWISE[name] ?? '"x"'}')`, name] as const,
  ),
];
const GROUP_COLUMNS: readonly (readonly [column: string, value: string, found: string])[] = [
  ['sam_account_name', "'x'", 'sAMAccountName'],
  ['display_name', 'null', 'displayName'],
  ['mail', "'x'", 'mail'],
  ['security_identifier', "'S-1-5-21-1-2-3-9'", 'objectSid'],
  ['object_guid', 'gen_random_uuid()', 'objectGuid'],
  ['security_enabled', 'false', 'securityEnabled'],
  ['scope', "'universal'", 'scope'],
  ['deleted_at', 'now()', 'only-here'],
];

interface Plant {
  readonly sql: string;
  readonly found: string;
}

/** Everything that can differ, each at an object of its own. */
function plants(): Plant[] {
  const kindOf = (what: string): string => (what === 'password' ? 'password' : 'user');
  const ofUsers = USER_COLUMNS.map(([column, value, what], n) => ({
    sql: `update users set ${column} = ${value} where ${isOf(people[n]!)}`,
    found: `${kindOf(what)} ${upn(n)} ${what}`,
  }));
  const ofGroups = GROUP_COLUMNS.slice(0, -1).map(([column, value, what]) => ({ column, value, what }));
  const at = (n: number) => groups[Math.min(n, 6)]!;
  return [
    ...ofUsers,
    ...ofGroups.map(({ column, value, what }, n) => ({
      sql: `update groups set ${column} = ${value} where ${isOf(at(n))}`,
      found: `group ${at(n).name} ${what}`,
    })),
    {
      sql: `update groups set deleted_at = now() where ${isOf(groups[7]!)}`,
      found: 'group group7 only-here',
    },
    {
      sql: `update users set account_enabled = true where ${isOf(people[DISABLED]!)}`,
      found: `user ${upn(DISABLED)} accountEnabled`,
    },
    {
      sql: `update users set account_expires = account_expires + interval '1 ms' where ${isOf(people[EXPIRES]!)}`,
      found: `user ${upn(EXPIRES)} accountExpires`,
    },
    {
      sql: `update users set cloud_credential = (select max(cloud_credential) from users) where ${isOf(people[STATE]!)}`,
      found: `password ${upn(STATE)} password`,
    },
    {
      sql: `insert into users (tenant_id, id, origin, forest, source_anchor, user_principal_name, upn_key, account_enabled, profile,
          administrator, created_at, wanted_since)
        select tenant_id, gen_random_uuid(), origin, forest, 'invented', 'evil@y.example', 'evil', true, profile, false, created_at, 0
        from users where ${isOf(people[0]!)}`,
      found: 'user evil@y.example only-there',
    },
    {
      sql: `insert into groups (tenant_id, id, origin, forest, source_anchor, sam_account_name, security_enabled, created_at)
        select tenant_id, gen_random_uuid(), origin, forest, 'invented', 'evil', true, created_at from groups where ${isOf(groups[1]!)}`,
      found: 'group evil only-there',
    },
    {
      sql: `delete from memberships where reference = '${people[30]!.anchor}'`,
      found: `membership ${upn(30)} in group0 only-here`,
    },
    {
      sql: `delete from memberships where reference = '${ELSEWHERE}'`,
      found: `membership ${ELSEWHERE} in group1 only-here`,
    },
    {
      sql: `insert into memberships select tenant_id, id, '${memberKey(people[31]!.anchor)}', '${people[31]!.anchor}' from groups
        where ${isOf(groups[2]!)}`,
      found: `membership ${upn(31)} in group2 only-there`,
    },
    {
      sql: `insert into memberships select tenant_id, id, '${memberKey(ELSEWHERE)}', '${ELSEWHERE}' from groups where ${isOf(groups[3]!)}`,
      found: `membership ${ELSEWHERE} in group3 only-there`,
    },
  ];
}

test('comparing finds no difference where everything has arrived, and changes nothing', async () => {
  const state = () =>
    JSON.stringify([...(world.connect.snapshot() ?? [])].map(([name, bytes]) => [name, bytes.length]));
  const before = state();
  assert.deepEqual(await found(), []);
  assert.equal(state(), before);
});

test('comparing finds every change made in the tenant, and nothing else', async () => {
  const all = plants();
  for (const { sql } of all) await tenant.write(sql);
  assert.deepEqual(await found(), all.map(each => each.found).sort());
});

for (const seed of seeds(2))
  test(`seed ${seed}: comparing finds any part of these changes`, async t => {
    const random = randomFrom(seed);
    const some = plants().filter(() => random() < 0.3);
    for (const { sql } of some) await tenant.write(sql);
    const expected = some.map(each => each.found).sort();
    t.diagnostic(`CAUSEWAY_TEST_SEED=${seed}: ${expected.length} planted`);
    assert.deepEqual(await found(), expected);
  });

test('a Connect that has sent nothing compares as well, because another one may have sent it', async () => {
  await world.connect.takeBack(undefined);
  await world.connect.start();
  await assert.rejects(world.connect.differences(), { code: 'not-imported', todo: /sync --once/ });
  const { connector } = world.connect;
  await tenant.stop();
  await assert.rejects(clock.during(world.connect.cycle()));
  await tenant.start();
  assert.equal(connector.context.store.space.countExported(), 0);
  assert.deepEqual(await found(), []);
  await tenant.write(`update users set account_enabled = false where ${isOf(people[1]!)}`);
  assert.deepEqual(await found(), [`user ${upn(1)} accountEnabled cycle`]);
});

test('comparing marks what is unsent, held or refused as waiting', async () => {
  forest.change(people[0]!, { enabled: false });
  forest.delete(people[1]!);
  forest.hire('newcomer', 'Made.Up.new');
  await world.connect.connector.poll();
  forest.groups.remove(groups[0]!, people[2]!);
  await tenant.stop();
  await assert.rejects(clock.during(world.connect.cycle()));
  await tenant.start();
  assert.deepEqual(await found(), [
    `membership ${upn(1)} in group0 only-there cycle`,
    `membership ${upn(2)} in group0 only-there cycle`,
    `user newcomer@${forest.domain} only-here cycle`,
    `user ${upn(0)} accountEnabled cycle`,
    `user ${upn(1)} only-there cycle`,
  ]);
  await world.quiet();
  assert.deepEqual(await found(), []);
  for (let n = 3; n < 20; n++) forest.delete(people[n]!);
  await world.quiet();
  const held = await found();
  assert.equal(held.length, 34);
  assert.ok(
    held.every(each => each.endsWith('only-there approval')),
    held.join('\n'),
  );
  world.connect.approve();
  await world.quiet();
  assert.deepEqual(await found(), []);
});
