import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EntryStream } from './entry-stream.ts';
import { type LdapEntry, openLdap } from './index.ts';

const tlv = (tag: number, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)));
  const length =
    body.length < 128 ? Buffer.of(body.length) : Buffer.of(0x82, body.length >> 8, body.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, body]);
};
const FILLER = 'x'.repeat(2_000);
const entry = (n: number) =>
  tlv(
    0x30,
    tlv(2, Buffer.of(1)),
    tlv(0x64, tlv(4, `CN=${n}`), tlv(0x30, tlv(0x30, tlv(4, 'cn'), tlv(0x31, tlv(4, FILLER))))),
  );
const done = (id: number, code: number) =>
  tlv(0x30, tlv(2, Buffer.of(id)), tlv(0x65, tlv(10, Buffer.of(code)), tlv(4), tlv(4)));

/** A peer that answers every request as the script says. */
async function peer(t: TestContext, script: (socket: Socket, n: number) => Promise<void> | void) {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    let n = 0;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => void script(socket, ++n));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const connection = await openLdap({ url: `ldap://127.0.0.1:${port}`, timeoutMs: 700 });
  t.after(() => connection.close());
  return connection;
}

const ENTRIES = 20_000;
/** Entries per write. Single writes would spend the test's time in system calls. */
const AT_ONCE = 40;

test('delivers a large answer in batches, makes the server wait for a slow reader, and never times out meanwhile', async t => {
  let written = 0;
  const connection = await peer(t, async socket => {
    while (written < ENTRIES) {
      const entries = Buffer.concat(Array.from({ length: AT_ONCE }, () => entry(written++)));
      if (!socket.write(entries)) await new Promise(resolve => socket.once('drain', resolve));
    }
    socket.write(done(1, 0));
  });
  let read = 0;
  let slow = true;
  for await (const batch of connection.searchBatches('DC=x', { batchSize: 100 })) {
    assert.ok(batch.length <= 100);
    assert.equal(batch[0]!.dn, `CN=${read}`);
    read += batch.length;
    if (!slow) continue;
    slow = false;
    await delay(1_600); // longer than the timeout
    assert.ok(written < ENTRIES, 'the server has to wait');
  }
  assert.equal(read, ENTRIES);
  assert.ok(connection.usable);
});

test('throws a refusal at the end, and keeps the connection usable', async t => {
  const connection = await peer(t, (socket, n) => {
    socket.write(n === 1 ? Buffer.concat([entry(1), done(1, 12)]) : done(2, 0));
  });
  const seen: LdapEntry[] = [];
  const read = async () => {
    for await (const batch of connection.searchBatches('DC=x')) seen.push(...batch);
  };
  await assert.rejects(read(), { resultCode: 12 });
  assert.deepEqual(await connection.search('DC=x'), []);
});

test('keeps the connection reading if an answer ends while its reader is behind', async t => {
  const all = Buffer.concat([...Array.from({ length: 30 }, (_, n) => entry(n)), done(1, 0)]);
  const connection = await peer(t, (socket, n) => void socket.write(n === 1 ? all : done(n, 0)));
  const batches = connection.searchBatches('DC=x', { batchSize: 2 });
  await batches.next();
  await delay(100); // the rest of the answer arrives meanwhile
  for await (const batch of batches) assert.ok(batch.length > 0);
  assert.deepEqual(await connection.search('DC=x'), []);
});

test('a reader that leaves in the middle makes the connection unusable', async t => {
  const connection = await peer(t, socket => {
    socket.write(Buffer.concat([entry(1), entry(2), entry(3)]));
  });
  for await (const batch of connection.searchBatches('DC=x', { batchSize: 2 })) {
    assert.equal(batch.length, 2);
    break;
  }
  assert.equal(connection.usable, false);
});

test('a search with its own timeout waits longer than the connection does', async t => {
  const connection = await peer(t, async (socket, n) => {
    await delay(1_000);
    socket.write(done(n, 0));
  });
  assert.deepEqual(await connection.search('DC=x', { timeoutMs: 30_000 }), []);
  await assert.rejects(connection.search('DC=x'), { code: 'timeout', message: /within 700 ms/ });
});

test('does not time out on an answer that has arrived, however late it is read', async t => {
  const connection = await peer(t, (socket, n) => void socket.write(done(n, 0)));
  const answer = connection.search('DC=x');
  await delay(50); // the peer is in this process: it answers before the loop below blocks
  const second = connection.search('DC=x');
  await new Promise(resolve => setImmediate(resolve));
  const until = performance.now() + 1_000;
  while (performance.now() < until); // longer than the timeout
  assert.deepEqual([await answer, await second], [[], []]);
});

test('counts an entry with many values as several, which bounds a batch by its content', async () => {
  const rests: boolean[] = [];
  const stream = new EntryStream(10, behind => rests.push(behind));
  const large = { dn: 'CN=large', attributes: { member: Array.from({ length: 1_000 }, () => 'CN=a') } };
  const small = { dn: 'CN=small', attributes: { mail: ['a'] } };
  for (const pushed of [small, large, small, large, small]) stream.push(pushed);
  assert.equal(rests.at(-1), true, 'the server has to wait');
  stream.end();
  const batches: string[][] = [];
  for await (const batch of stream.batches()) batches.push(batch.map(({ dn }) => dn));
  assert.deepEqual(batches, [['CN=small', 'CN=large'], ['CN=small', 'CN=large'], ['CN=small']]);
});
