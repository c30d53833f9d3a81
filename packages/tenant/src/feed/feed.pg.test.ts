import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { type FeedItem, managedDomainRoutes, synchronizationRoutes } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import {
  accountItem,
  batchOf,
  credentialItem,
  order,
  person,
  seal,
  withdrawalItem,
} from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestTenant } from '../testing/test-tenant.ts';

const clock = new HandClock(Date.now());

const feed = (tenant: () => TestTenant): void => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let start: string;

  const put = async (numbers: readonly number[]): Promise<void> => {
    const body = { forest: FOREST, changes: numbers.map(number => accountItem(connect, person(number))) };
    const { verdicts } = await call(connect.send, synchronizationRoutes.exportObjects, { body });
    assert.ok(verdicts.every(({ verdict }) => verdict === 'applied'));
  };
  const read = (query: { after?: string; limit?: number; wait?: number; only?: 'new' }) =>
    call(domain.send, managedDomainRoutes.readChanges, { query });
  /** Sends the people's password of this number, sealed again. */
  const send = async (numbers: readonly number[], password: number): Promise<void> => {
    const items = numbers.map(async number => {
      const record = await seal(connect, person(number), `P${password}`, order(password));
      return credentialItem(person(number), `P${password}`, order(password), record);
    });
    const body = batchOf(await Promise.all(items));
    const { verdicts } = await call(connect.send, synchronizationRoutes.exportCredentials, { body });
    assert.ok(verdicts.every(({ verdict }) => verdict === 'applied'));
  };
  /** Sends withdrawals, each signed anew. */
  const withdraw = async (numbers: readonly number[]): Promise<void> => {
    const changes = numbers.map(number => withdrawalItem(connect, person(number), order(2)));
    const body = { forest: FOREST, changes };
    const { verdicts } = await call(connect.send, synchronizationRoutes.exportWithdrawals, { body });
    assert.ok(verdicts.every(({ verdict }) => verdict === 'applied'));
  };
  /** Its position in a mark (docs/formats.md, *Marks*). */
  const newsOf = (cursor: string): number => Buffer.from(cursor, 'base64url').readUIntBE(12, 6);
  const numbersOf = (page: { items: FeedItem[] }): number[] =>
    page.items.map(({ sourceAnchor }) => Buffer.from(sourceAnchor, 'base64').readUInt32BE(12));

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
    // The tenant's first administrator, a cloud-only user, comes first.
    const { items, cursor } = await read({});
    assert.deepEqual(
      items.map(item => item.origin),
      ['cloud'],
    );
    start = cursor;
  });

  it('comes in pages, oldest change first, each user once and in the current state', async () => {
    await put([1, 2, 3, 4, 5]);
    await put([2]);
    const first = await read({ after: start, limit: 3 });
    assert.equal(first.more, true);
    const second = await read({ after: first.cursor, limit: 3 });
    assert.equal(second.more, false);
    const anchors = [...first.items, ...second.items].map(item => item.sourceAnchor);
    assert.deepEqual(
      anchors,
      [1, 3, 4, 5, 2].map(number => person(number).anchor),
    );
  });

  it('answers a waiting reader when something changes, and an idle one at the end of its wait', async () => {
    const { cursor } = await read({});
    const waiting = read({ after: cursor, wait: 30 });
    await clock.sleeping(2);
    await put([6]);
    assert.deepEqual(
      (await waiting).items.map(item => item.sourceAnchor),
      [person(6).anchor],
    );
    const idles = read({ after: (await waiting).cursor, wait: 0.3 });
    for (const asleep of [200, 100]) {
      assert.equal((await clock.sleeping(2))[0], asleep); // by then it would see another process's change
      await clock.pass(asleep);
    }
    const idle = await idles;
    assert.deepEqual(idle.items, []);
    assert.equal(idle.cursor, (await waiting).cursor);
  });

  it('misses nothing while two writers and a reader run side by side', async () => {
    const { cursor: begin } = await read({});
    const wanted = Array.from({ length: 120 }, (_, i) => 1000 + i);
    let writing = true;
    const write = async (mine: number[]): Promise<void> => {
      for (let i = 0; i < mine.length; i += 4) await put(mine.slice(i, i + 4));
    };
    const writers = Promise.all([
      write(wanted.filter(number => number % 2 === 0)),
      write(wanted.filter(number => number % 2 === 1)),
    ]).finally(() => {
      writing = false;
    });
    const seen = new Set<string>();
    let cursor = begin;
    for (;;) {
      const last = !writing;
      const page = await read({ after: cursor, limit: 7 });
      // All of it is new, so the first of the cursor's two places moves.
      if (page.items.length > 0) assert.ok(newsOf(page.cursor) > newsOf(cursor));
      for (const item of page.items) seen.add(item.sourceAnchor);
      cursor = page.cursor;
      if (last && !page.more && page.items.length === 0) break;
    }
    await writers;
    assert.equal(seen.size, wanted.length);
  });

  it('shows news before what is sent again, and everything once', async () => {
    const people = [2001, 2002, 2003, 2004, 2005];
    await put(people);
    await send(people, 1);
    let { cursor } = await read({ limit: 1000 });
    const next = async (limit: number, only?: 'new') => {
      const page = await read({ after: cursor, limit, ...(only && { only }) });
      cursor = page.cursor;
      return [numbersOf(page), page.more, page.moreNew];
    };
    await send(people, 1);
    await put([2006]);
    await send([2004], 2);
    assert.deepEqual(await next(1), [[2006], true, true]);
    assert.deepEqual(await next(2), [[2004, 2001], true, false]);
    await send([2003], 2);
    assert.deepEqual(await next(10, 'new'), [[2003], false, false]);
    assert.deepEqual(await next(10, 'new'), [[], false, false]);
    await send([2001], 1);
    await put([2005]);
    assert.deepEqual(await next(2), [[2005, 2002], true, false]);
    assert.deepEqual(await next(10), [[2001], false, false]);
    assert.deepEqual(await next(10), [[], false, false]);
  });

  it('shows news at the front even if it was sent again since', async () => {
    const people = [3001, 3002, 3003];
    await put(people);
    await send(people, 1);
    const { cursor } = await read({ limit: 1000 });
    await send(people, 1);
    await send([3003], 2);
    await send([3003], 2);
    const page = await read({ after: cursor, limit: 1 });
    assert.deepEqual(numbersOf(page), [3003]);
    const rest = await read({ after: page.cursor });
    assert.deepEqual(numbersOf(rest).sort(), [3001, 3002, 3003], 'the second time is no harm');
  });

  it('shows a withdrawal as news once, whatever is sent again', async () => {
    const people = [4001, 4002, 4003];
    await put(people);
    await send(people, 1);
    let { cursor } = await read({ limit: 1000 });
    const next = async () => {
      const page = await read({ after: cursor, only: 'new' });
      cursor = page.cursor;
      return numbersOf(page);
    };
    await withdraw([4001, 4002]);
    assert.deepEqual(await next(), [4001, 4002]);
    await withdraw([4001, 4002, 4003, 4003]);
    assert.deepEqual(await next(), [4003]);
    assert.deepEqual(numbersOf(await read({ after: cursor })), [4001, 4002, 4003], 'the second one, too');
    await send([4002], 3);
    assert.deepEqual(await next(), [4002]);
  });

  it('shows each user once from the start, whatever was sent again', async () => {
    await send([3001, 3002, 3003], 3);
    await send([3001, 3002, 3003], 3);
    const first = await read({ limit: 100 });
    const second = await read({ after: first.cursor, limit: 1000 });
    const anchors = [...first.items, ...second.items].map(({ sourceAnchor }) => sourceAnchor);
    assert.equal(new Set(anchors).size, anchors.length);
    assert.equal(second.more, false);
    assert.deepEqual((await read({ after: second.cursor })).items, []);
  });

  it('starts over for a cursor from before the database was restored', async () => {
    const { items } = await read({ after: '999999999.1' });
    assert.ok(items.length > 0);
    for (const after of ['x', '1', '-1.1', '1.1.1', '1.1 or true'])
      await assert.rejects(read({ after }), { code: 'bad-request' });
  });
};

onEveryBackend('the change feed', feed, { clock });
