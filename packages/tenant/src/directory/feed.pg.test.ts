import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, managedDomainRoutes, type Send, synchronizationRoutes } from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { accountItem, FOREST, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

onEveryBackend('the change feed', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let start: string;

  const put = async (numbers: readonly number[]): Promise<void> => {
    const body = { forest: FOREST, changes: numbers.map(number => accountItem(connect, person(number))) };
    const { verdicts } = await call(connect.send, synchronizationRoutes.exportObjects, { body });
    assert.ok(verdicts.every(({ verdict }) => verdict === 'applied'));
  };
  const read = (query: { after?: string; limit?: number; wait?: number }) =>
    call(domain.send, managedDomainRoutes.readChanges, { query });

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
    // The tenant's first administrator, a cloud-only user, stands at the beginning.
    const { items } = await read({});
    assert.deepEqual(
      items.map(item => item.origin),
      ['cloud'],
    );
    start = items[0]!.cursor;
  });

  it('comes in pages, oldest change first, each user once and as it is now', async () => {
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

  it('answers a waiting reader when something changes, and an idle one in the end', async () => {
    const { cursor } = await read({});
    const waiting = read({ after: cursor, wait: 30 });
    await put([6]);
    const began = Date.now();
    assert.deepEqual(
      (await waiting).items.map(item => item.sourceAnchor),
      [person(6).anchor],
    );
    assert.ok(Date.now() - began < 1000);
    const idle = await read({ after: (await waiting).cursor, wait: 0.3 });
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
      for (const item of page.items) {
        assert.ok(Number(item.cursor) > Number(cursor));
        seen.add(item.sourceAnchor);
      }
      cursor = page.cursor;
      if (last && !page.more && page.items.length === 0) break;
    }
    await writers;
    assert.equal(seen.size, wanted.length);
  });

  it('begins anew for a cursor from a database that has been restored since', async () => {
    const { items } = await read({ after: '999999999' });
    assert.ok(items.length > 0);
    await assert.rejects(read({ after: 'x' }), { code: 'bad-request' });
    await assert.rejects(read({ after: '-1' }), { code: 'bad-request' });
  });
});
