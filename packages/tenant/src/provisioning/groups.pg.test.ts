import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, synchronizedGroupRoutes } from '@causeway/contract';
import { generateSigningKey } from '@causeway/records';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { type Group, group, groupItem, groupProvisioningOf, membersItem } from '../testing/groups.ts';
import { accountItem, nextSequence, person } from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { objectIdOf } from './object-id.ts';

const OTHER_FOREST = 'fabrikam.example.org';

onEveryBackend('groups of a forest', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let other: TestAgent;
  let elsewhere: TestAgent;
  let number = 0;
  const newGroup = (): Group => group(++number);
  const here = groupProvisioningOf(() => connect);
  const there = groupProvisioningOf(() => other, OTHER_FOREST);
  const people = provisioningOf(() => connect);
  const item = (who: Group, changes: Parameters<typeof groupItem>[2] = {}) =>
    groupItem(connect, who, changes);

  const rowOf = (who: Group, { tenantId } = connect, forest = FOREST) =>
    tenant()
      .running.database.selectFrom('groups')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', objectIdOf(tenantId, forest, who.anchor))
      .executeTakeFirst();
  const membersOf = async (who: Group, { tenantId } = connect, forest = FOREST): Promise<string[]> => {
    const rows = await tenant()
      .running.database.selectFrom('memberships')
      .select('reference')
      .where('tenant_id', '=', tenantId)
      .where('group_id', '=', objectIdOf(tenantId, forest, who.anchor))
      .execute();
    return rows.map(({ reference }) => reference).sort();
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    other = await enrolAgent(tenant().url, admin, 'connect', 'other', [OTHER_FOREST]);
    const others = (await tenant().createTenant('fabrikam')).send;
    elsewhere = await enrolAgent(tenant().url, others, 'connect');
  });

  it('get what the record says, and the same record again changes nothing', async () => {
    const who = newGroup();
    const change = item(who, { mail: 'staff@example.com', securityEnabled: false, scope: 'domain-local' });
    assert.deepEqual(await here.groups(change, change), ['applied', 'unchanged']);
    assert.deepEqual(await here.groups(change), ['unchanged']);
    const row = await rowOf(who);
    assert.deepEqual(
      [row!.display_name, row!.sam_account_name, row!.mail, row!.security_enabled, row!.scope, row!.origin],
      [who.name, who.name, 'staff@example.com', false, 'domain-local', 'synchronized'],
    );
    assert.deepEqual(await here.groups(item(who, { displayName: 'Renamed' })), ['applied']);
    assert.equal((await rowOf(who))!.display_name, 'Renamed');
  });

  it('keep their state against an older record, and against another record of the same sequence', async () => {
    const who = newGroup();
    const sequence = nextSequence();
    const old = item(who);
    assert.deepEqual(await here.groups(item(who, { sequence: sequence + 1000 })), ['applied']);
    assert.deepEqual(await here.groups(old, item(who, { sequence: sequence + 1000, mail: 'a@b' })), [
      'older-sequence',
      'older-sequence',
    ]);
  });

  it('get a verdict for each item, whatever is wrong with another one', async () => {
    const [good, mistaken] = [newGroup(), newGroup()];
    const foreign = { ...connect, signingKey: generateSigningKey() };
    const changes = [
      item(good),
      { ...item(mistaken), sourceAnchor: newGroup().anchor },
      { sourceAnchor: mistaken.anchor, record: 'x' },
      groupItem(foreign, mistaken),
      item(mistaken, { tenant: elsewhere.tenantId }),
      item(mistaken, { forest: OTHER_FOREST }),
      { ...membersItem(connect, mistaken, []), prefix: undefined },
      { sourceAnchor: person(1).anchor, record: accountItem(connect, person(1)).record },
      { sourceAnchor: mistaken.anchor, record: 'not.a.record' },
    ];
    const body = { forest: FOREST, changes: changes as never[] };
    const { verdicts } = await call(connect.send, synchronizedGroupRoutes.exportGroups, { body });
    assert.deepEqual(
      verdicts.map(({ verdict, code }) => code ?? verdict),
      [
        'applied',
        'record-mismatch',
        'invalid',
        ...Array(3).fill('record-mismatch'),
        'record-mismatch',
        'record-mismatch',
        'record-mismatch',
      ],
    );
    const reasons = verdicts.map(({ reason }) => reason?.replace('the signed record says another ', ''));
    assert.deepEqual(reasons.slice(3), ['signerKeyId', 'tenant', 'forest', 'kind', 'format', 'format']);
    assert.equal(await rowOf(mistaken), undefined);
  });

  it('differ between forests, and are invisible to another tenant', async () => {
    const who = newGroup();
    const [mine, theirs] = [
      item(who),
      groupItem(other, who, { forest: OTHER_FOREST, displayName: 'Theirs' }),
    ];
    assert.deepEqual([await here.groups(mine), await there.groups(theirs)], [['applied'], ['applied']]);
    await there.members(membersItem(other, who, ['theirs'], { forest: OTHER_FOREST }));
    await here.members(membersItem(connect, who, ['mine']));
    assert.deepEqual(await there.groups(groupItem(other, who, { forest: OTHER_FOREST, deleted: true })), [
      'applied',
    ]);
    assert.equal((await rowOf(who))!.deleted_at, null);
    assert.deepEqual(await membersOf(who), ['mine']);
    assert.deepEqual(await membersOf(who, other, OTHER_FOREST), []);
    assert.equal(await rowOf(who, elsewhere), undefined);
    assert.deepEqual(await groupProvisioningOf(() => elsewhere).members(membersItem(elsewhere, who, ['x'])), [
      'unknown-group',
    ]);
  });

  it('reject a Connect that is not enrolled for the forest', async () => {
    const who = newGroup();
    for (const [route, change] of [
      [synchronizedGroupRoutes.exportGroups, groupItem(other, who)],
      [synchronizedGroupRoutes.exportMembers, membersItem(other, who, [])],
    ] as const)
      await assert.rejects(
        call(other.send, route as typeof synchronizedGroupRoutes.exportGroups, {
          body: { forest: FOREST, changes: [change] },
        }),
        { code: 'other-forest' },
      );
  });

  it('never become users, nor users groups, not even deleted ones', async () => {
    for (const gone of [false, true]) {
      const who = newGroup();
      await here.groups(item(who));
      if (gone) await here.groups(item(who, { deleted: true }));
      const asPerson = { ...person(++number), anchor: who.anchor };
      assert.deepEqual(await people.objects(accountItem(connect, asPerson)), ['record-mismatch']);
      const human = person(++number);
      await people.objects(accountItem(connect, human));
      if (gone) await people.objects(accountItem(connect, human, { deleted: true }));
      const body = { forest: FOREST, changes: [item({ ...newGroup(), anchor: human.anchor })] };
      const { verdicts } = await call(connect.send, synchronizedGroupRoutes.exportGroups, { body });
      assert.equal(verdicts[0]!.code, 'record-mismatch');
      assert.match(verdicts[0]!.reason!, /a user's of this forest, and no object becomes another kind/);
    }
  });

  it('lose their members when they are deleted, and come back without them', async () => {
    const who = newGroup();
    const slice = (sequence?: number) =>
      membersItem(connect, who, ['a', 'b'], sequence === undefined ? {} : { sequence });
    await here.groups(item(who));
    const old = slice();
    assert.deepEqual(await here.members(old), ['applied']);
    const id = (await rowOf(who))!.id;
    const deletion = nextSequence();
    assert.deepEqual(await here.groups(item(who, { deleted: true, sequence: deletion })), ['applied']);
    assert.notEqual((await rowOf(who))!.deleted_at, null);
    assert.deepEqual(await membersOf(who), []);
    assert.deepEqual(await here.members(old, slice()), ['older-sequence', 'unknown-group']);
    assert.deepEqual(await here.groups(item(who)), ['applied']);
    const row = await rowOf(who);
    assert.deepEqual([row!.id, row!.deleted_at], [id, null]);
    assert.deepEqual(await membersOf(who), []);
    assert.deepEqual(await here.members(old, slice(deletion), slice()), [
      'older-sequence',
      'older-sequence',
      'applied',
    ]);
    assert.deepEqual(await membersOf(who), ['a', 'b']);
  });

  it('lose their members also when one batch deletes and restores them, or another object takes over the anchor', async () => {
    const who = newGroup();
    const slice = membersItem(connect, who, ['a']);
    await here.groups(item(who));
    await here.members(slice);
    await here.groups(item(who, { deleted: true }), item(who));
    assert.deepEqual(await membersOf(who), []);
    assert.deepEqual(await here.members(slice), ['older-sequence']);
    await here.members(membersItem(connect, who, ['a']));
    const another = { ...who, guid: newGroup().guid };
    await here.groups(item(another));
    assert.deepEqual(await membersOf(who), []);
    assert.deepEqual(await here.members(membersItem(connect, who, ['a'])), ['record-mismatch']);
  });

  it('keep the deletion of an unknown group', async () => {
    const who = newGroup();
    const old = item(who);
    assert.deepEqual(await here.groups(item(who, { deleted: true })), ['applied']);
    assert.deepEqual(await here.groups(old), ['older-sequence']);
  });

  it('are counted in the status of the tenant until they are deleted', async () => {
    const count = async () => (await call(admin, administrationRoutes.getTenantStatus)).groups ?? 0;
    const had = await count();
    const who = newGroup();
    await here.groups(item(who));
    assert.equal(await count(), had + 1);
    await here.groups(item(who, { deleted: true }));
    assert.equal(await count(), had);
  });

  it('accept a name of the greatest length that a record may have', async () => {
    const who = newGroup();
    const name = 'ä'.repeat(256);
    const { record } = item(who, { sAMAccountName: name, displayName: name, mail: name });
    assert.deepEqual(await here.groups({ sourceAnchor: who.anchor, record }), ['applied']);
    assert.equal((await rowOf(who))!.mail, name);
  });
});
