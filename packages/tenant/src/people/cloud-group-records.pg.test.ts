import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { agentSend, call, type Send } from '@causeway/api';
import {
  type GroupFeedItem,
  groupRoutes,
  managedDomainRoutes,
  synchronizedGroupRoutes,
  userRoutes,
} from '@causeway/contract';
import {
  type AnyGroupRecord,
  CLOUD_FOREST,
  liveSlices,
  type MembersRecord,
  referenceToForest,
  verifyGroupRecord,
} from '@causeway/records';
import { HandClock } from '@causeway/service/testing';
import { applyObject } from '../testing/apply.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { insertMemberships } from '../testing/group-rows.ts';
import { person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestTenant } from '../testing/test-tenant.ts';

const clock = new HandClock(Date.now());

const records = (tenant: () => TestTenant): void => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let key: string;
  let cursor = '';

  const create = (displayName: string) => call(admin, groupRoutes.createGroup, { body: { displayName } });
  const add = (group: string, user: string) =>
    call(admin, groupRoutes.addGroupMember, { params: { group }, body: { user } });
  const takeOut = (group: string, user: string) =>
    call(admin, groupRoutes.removeGroupMember, { params: { group, user } });
  const newUser = async (name: string) => {
    const body = { userPrincipalName: `${name}@contoso.example` };
    return call(admin, userRoutes.createUser, { body });
  };
  const read = async (send = domain.send): Promise<GroupFeedItem[]> => {
    const page = await call(send, synchronizedGroupRoutes.readGroupChanges, { query: { after: cursor } });
    cursor = page.cursor;
    assert.equal(page.more, false);
    return page.items;
  };
  /** What came since the last call, verified as a managed domain does that pinned the tenant's key. */
  const news = async (): Promise<AnyGroupRecord[]> =>
    (await read()).map(({ forest, sourceAnchor, record }) => {
      const signer = { publicKey: key, forests: new Set([CLOUD_FOREST]) };
      const verified = verifyGroupRecord(record, () => signer, { tenant: connect.tenantId });
      assert.ok(verified.ok, 'reason' in verified ? String(verified.reason) : '');
      const { record: said } = verified;
      assert.deepEqual([forest, said.sourceAnchor, said.objectGuid], [null, sourceAnchor, sourceAnchor]);
      return said;
    });
  /** A short summary of the same. */
  const said = async () =>
    (await news()).map(one =>
      one.kind === 'members'
        ? { prefix: one.prefix, members: one.members }
        : `${one.sAMAccountName}${one.deleted ? ' deleted' : ''}`,
    );
  const all = (...members: string[]) => ({ prefix: '', members: members.sort() });

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
    key = (await call(domain.send, managedDomainRoutes.readTenantKey)).key.publicKey;
  });

  it('say that a group is created, renamed and deleted, without a SID', async () => {
    const { id } = await create('Project');
    const [group, slice] = await news();
    assert.ok(group?.kind === 'group' && slice?.kind === 'members');
    assert.deepEqual(
      [group.sAMAccountName, group.displayName, group.objectSid, group.securityEnabled, group.deleted],
      ['Project', 'Project', null, true, false],
    );
    assert.deepEqual([slice.prefix, slice.members], ['', []]);
    await call(admin, groupRoutes.renameGroup, { params: { group: id }, body: { displayName: 'Projects' } });
    assert.deepEqual(await said(), ['Projects']);
    await call(admin, groupRoutes.deleteGroup, { params: { group: id } });
    const [gone, ...others] = await news();
    assert.ok(gone?.kind === 'group' && gone.deleted);
    assert.ok(gone.sequence > slice.sequence && others.length === 0);
    cursor = '';
    assert.deepEqual(
      await said(),
      ['Projects deleted', 'Projects deleted'],
      'where it came, and where it went',
    );
  });

  it("name members: the tenant's own by id, users of forests by forest and anchor", async () => {
    const group = await create('Team');
    const inner = await create('Inner');
    const zoe = await newUser('zoe');
    const alice = person(1);
    await applyObject(connect, alice);
    const inForest = referenceToForest(FOREST, alice.anchor);
    await news();
    await add('Team', zoe.id);
    assert.deepEqual(await said(), [all(zoe.id)]);
    await add('Team', alice.anchor);
    await add('Team', alice.anchor);
    assert.deepEqual(await said(), [all(zoe.id, inForest)], 'twice is as good as once');
    const nested = { params: { group: group.id }, body: { group: inner.id } };
    await call(admin, groupRoutes.nestGroup, nested);
    assert.deepEqual(await said(), [all(zoe.id, inForest, inner.id)]);
    await takeOut('Team', alice.anchor);
    assert.deepEqual(await said(), [all(zoe.id, inner.id)]);
    await call(admin, groupRoutes.unnestGroup, { params: { group: group.id, member: inner.id } });
    assert.deepEqual(await said(), [all(zoe.id)]);
    await call(admin, userRoutes.deleteUser, { params: { id: zoe.id } });
    assert.deepEqual(await said(), [], 'a deletion signs no slice');
    await add('Team', alice.anchor);
    assert.deepEqual(await said(), [all(inForest)]);
  });

  it('wake a waiting managed domain, and are shown only to one that reads them', async () => {
    await create('Awaited');
    await news();
    const query = { after: cursor, wait: 30 };
    const waiting = call(domain.send, synchronizedGroupRoutes.readGroupChanges, { query });
    await clock.sleeping(2);
    const zoe = await newUser('zora');
    await clock.sleeping(2);
    await add('Awaited', zoe.id);
    assert.equal((await waiting).items.length, 1);
    const before = { ...domain, clientId: domain.id, version: '1.0.0' };
    const accepts = ['account-3', 'group-1', 'members-1'];
    assert.deepEqual(await read(agentSend({ url: tenant().url }, { ...before, accepts })), []);
  });

  it('are divided when they become too long, and a change of a member costs only its part', async () => {
    const { id } = await create('Large');
    await insertMemberships(
      tenant().running.database,
      connect.tenantId,
      id,
      Array.from({ length: 600 }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
    );
    await news();
    const alice = person(1);
    await add('Large', alice.anchor);
    const parts = (await news()) as MembersRecord[];
    assert.ok(parts.length > 2);
    assert.deepEqual(liveSlices(parts).length, parts.length);
    assert.equal(new Set(parts.map(({ sequence }) => sequence)).size, parts.length);
    assert.equal(parts.flatMap(({ members }) => members).length, 601);
    await takeOut('Large', alice.anchor);
    const [part, ...others] = (await news()) as MembersRecord[];
    assert.deepEqual(others, []);
    const before = parts.find(({ prefix }) => prefix === part!.prefix)!;
    const left = before.members.filter(one => one !== referenceToForest(FOREST, alice.anchor));
    assert.equal(left.length, before.members.length - 1);
    assert.deepEqual(part!.members, left);
  });

  it('have growing sequences, whatever the clock says', async () => {
    const { id } = await create('Backwards');
    const [, slice] = await news();
    clock.set(clock.now() - 3_600_000);
    await add('Backwards', (await newUser('yuri')).id);
    await call(admin, groupRoutes.deleteGroup, { params: { group: id } });
    const [gone] = await news();
    assert.ok(gone!.sequence > slice!.sequence + 1, 'larger than that of the slice between them, too');
  });
};

onEveryBackend('records of the tenant’s own groups', records, { clock });
