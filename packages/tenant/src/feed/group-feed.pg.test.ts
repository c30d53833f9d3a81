import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { agentSend, call, type Send } from '@causeway/api';
import { type GroupFeedPage, managedDomainRoutes, synchronizedGroupRoutes } from '@causeway/contract';
import { peekGroupRecord } from '@causeway/records';
import { HandClock } from '@causeway/service/testing';
import { applyObject } from '../testing/apply.ts';
import { backUp } from '../testing/back-up.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { type Group, group, groupItem, groupProvisioningOf, membersItem } from '../testing/groups.ts';
import { person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestTenant } from '../testing/test-tenant.ts';

const clock = new HandClock(Date.now());

const feed = (tenant: () => TestTenant): void => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let number = 0;
  const { groups, members } = groupProvisioningOf(() => connect);
  const newGroup = async (): Promise<Group> => {
    const who = group(++number);
    await groups(groupItem(connect, who));
    return who;
  };
  const read = (query: { after?: string; limit?: number; wait?: number } = {}, send = domain.send) =>
    call(send, synchronizedGroupRoutes.readGroupChanges, { query });
  const end = async (): Promise<string> => {
    for (let after = ''; ; ) {
      const { cursor, more } = await read({ after });
      if (!more) return cursor;
      after = cursor;
    }
  };
  /** A short summary of each item. */
  const saying = ({ items }: GroupFeedPage): string[] =>
    items.map(({ sourceAnchor, forest, record }) => {
      const said = peekGroupRecord(record)!;
      assert.deepEqual([said.sourceAnchor, said.forest], [sourceAnchor, forest]);
      if (said.kind === 'members') return `${said.prefix}: ${said.members}`;
      return `${said.displayName}${said.deleted ? ' deleted' : ''}`;
    });

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
  });

  it('comes in pages, oldest change first, each in the current state', async () => {
    let cursor = await end();
    const [one, other] = [await newGroup(), await newGroup()];
    await members(membersItem(connect, one, ['a']), membersItem(connect, other, ['b']));
    await members(membersItem(connect, one, ['a', 'c']));
    const pages: string[][] = [];
    for (let more = true; more; ) {
      const page = await read({ after: cursor, limit: 2 });
      assert.equal(page.items[0]!.forest, FOREST);
      pages.push(saying(page));
      ({ cursor, more } = page);
    }
    assert.deepEqual(pages, [
      [one.name, other.name],
      [': b', ': a,c'],
    ]);
    assert.deepEqual(await read({ after: cursor }), { items: [], cursor, more: false });
  });

  it('shows a group before its slices to a new reader, and its last change to a reader that continues', async () => {
    const first = await end();
    const who = await newGroup();
    await members(membersItem(connect, who, ['a']));
    const second = await end();
    await groups(groupItem(connect, who, { displayName: 'Renamed' }));
    assert.deepEqual(saying(await read({ after: first })), ['Renamed', ': a', 'Renamed']);
    assert.deepEqual(saying(await read({ after: second })), ['Renamed']);
  });

  it('shows that a group is deleted, and none of its members any more', async () => {
    const who = await newGroup();
    await members(membersItem(connect, who, ['a']));
    const cursor = await end();
    await groups(groupItem(connect, who, { deleted: true }));
    assert.deepEqual(saying(await read({ after: cursor })), [`${who.name} deleted`]);
    await groups(groupItem(connect, who));
    await members(membersItem(connect, who, ['b']));
    assert.deepEqual(saying(await read({ after: cursor })), [who.name, ': b']);
  });

  it('answers a waiting reader when a group or its members change, but not when a user does', async () => {
    const who = await newGroup();
    const after = await end();
    const waiting = read({ after, wait: 30 });
    await clock.sleeping(2);
    await applyObject(connect, person(++number));
    await clock.sleeping(2);
    await members(membersItem(connect, who, ['a']));
    assert.deepEqual(saying(await waiting), [': a']);
    const { cursor } = await waiting;
    const idles = read({ after: cursor, wait: 0.1 });
    await clock.sleeping(2);
    await clock.pass(100);
    assert.deepEqual(await idles, { items: [], cursor, more: false });
  });

  it('leaves out what its reader has not announced, and continues after it', async () => {
    const after = await end();
    const who = await newGroup();
    await members(membersItem(connect, who, ['a']));
    const as = (accepts: readonly string[]): Send =>
      agentSend({ url: tenant().url }, { ...domain, clientId: domain.id, version: '1.0.0', accepts });
    assert.deepEqual(saying(await read({ after }, as(['group-1', 'members-1']))), [who.name, ': a']);
    assert.deepEqual(saying(await read({ after }, as(['group-1']))), [who.name]);
    const page = await read({ after, limit: 1 }, as(['account-3']));
    assert.deepEqual([page.items, page.more], [[], true]);
    assert.deepEqual((await read({ after: page.cursor }, as(['members-1']))).items.length, 1);
  });

  it('rejects a cursor of the feed of users', async () => {
    const { cursor } = await call(domain.send, managedDomainRoutes.readChanges, { query: {} });
    for (const after of [cursor, '1.1', 'x']) await assert.rejects(read({ after }), { code: 'bad-request' });
    const query = { after: await end() };
    await assert.rejects(call(domain.send, managedDomainRoutes.readChanges, { query }), {
      code: 'bad-request',
    });
  });

  it('shows nothing of another tenant', async () => {
    await newGroup();
    const others = (await tenant().createTenant('fabrikam')).send;
    const elsewhere = await enrolAgent(tenant().url, others, 'domain');
    assert.deepEqual((await read({}, elsewhere.send)).items, []);
  });

  it('starts over after a cursor of lost changes, and says so', async () => {
    const kept = await newGroup();
    const restore = await backUp(tenant().running.database);
    await members(membersItem(connect, kept, ['lost']));
    const cursor = await end();
    await restore();
    const page = await read({ after: cursor });
    const said = saying(page);
    assert.ok(said.includes(kept.name));
    assert.equal(said.includes(': lost'), false);
    assert.equal(said[0], group(1).name);
    const losses = await tenant().running.database.selectFrom('losses').select('found_by').execute();
    assert.deepEqual(losses, [{ found_by: 'test domain' }]);
  });
};

onEveryBackend('the feed of groups', feed, { clock });
