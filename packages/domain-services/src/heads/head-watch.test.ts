import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { ACCEPTED_RECORDS, ACCEPTS_HEADER } from '@causeway/contract';
import { bucketOf, type Entry, generateSigningKey, peekReceipt, type Receipt } from '@causeway/records';
import { createLog, sleep } from '@causeway/service';
import { newEntry } from '../apply/plan.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { Ledger } from '../ledger/ledger.ts';
import { ForestPeer } from '../testing/index.ts';
import { arrivals } from './arrival.ts';
import { HeadWatch } from './head-watch.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-heads-'));
after(() => rmSync(folder, { recursive: true }));
const LIMITS = { differenceMs: 150, silenceMs: 60_000 };
const TENANT = randomUUID();

const people = (count: number): Entry[] =>
  Array.from({ length: count }, (_, n) => ({
    anchor: `anchor${n}`,
    accountSequence: 10 + n,
    credentialSequence: 100 + n,
  }));

/** The ledger's entry of a user whom the managed domain has. */
const entryOf = ({ anchor, accountSequence, credentialSequence }: Entry, forest: string): LedgerEntry => ({
  ...newEntry({ sourceAnchor: anchor, forest, objectGuid: randomUUID() }),
  ...{ accountSequence, credentialSequence },
  ...{ hasCredential: credentialSequence > 0, wantsEnabled: true, samAccountName: anchor },
  ...{ nonce: randomUUID(), managedGuid: randomUUID() },
});

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A watch over a ledger, with a tenant that shows whatever heads a test wants. */
function watching(entries: readonly Entry[], limits = LIMITS) {
  const forest = new ForestPeer(TENANT);
  const ledger = new Ledger(join(folder, `${randomUUID()}.db`));
  const { keyId, publicKey, fingerprint } = forest.publicKey;
  ledger.agents.trust({
    keyId,
    publicKey,
    fingerprint,
    forest: forest.forest,
    trustedAt: new Date().toISOString(),
  });
  ledger.transaction(() => {
    for (const entry of entries) ledger.accounts.save(entryOf(entry, forest.forest));
  });
  const shown: { forest: string; head: string }[] = [];
  const receipts: Receipt[] = [];
  const tenant = { accepts: '' };
  const lines: string[] = [];
  const receiptKey = generateSigningKey();
  const stop = new AbortController();
  const watch = new HeadWatch({
    ...{ ledger, tenant: TENANT, receiptKey, limits, headIntervalMs: 20 },
    log: createLog('test', { write: line => lines.push(line) }),
    onHead: () => watch.compare(performance.now() + 1), // a feed that was read to its end at once
    send: async (path, { body }) => {
      if (path.endsWith('/receipts'))
        receipts.push(peekReceipt((JSON.parse(body!) as { receipt: string }).receipt)!);
      const json = path.endsWith('/heads') ? { heads: shown } : {};
      const headers = new Headers({ [ACCEPTS_HEADER]: tenant.accepts });
      return { status: 200, headers, text: async () => JSON.stringify(json) };
    },
  });
  const running = watch.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
    ledger.close();
  });
  return {
    forest,
    ledger,
    receipts,
    receiptKey,
    tenant,
    log: () => lines.join(''),
    show(head: string, name = forest.forest) {
      shown.splice(0, shown.length, { forest: name, head });
    },
    arrival: () => arrivals(ledger, limits, watch.startedAt)[0]!,
    async until(what: () => boolean) {
      for (let i = 0; !what(); i++) {
        assert.ok(i < 300, 'in time');
        await sleep(10);
      }
    },
  };
}

const all = people(300);

test('what the forest says is compared, and answered with a receipt that its Connect believes', async () => {
  const w = watching(all);
  w.show(w.forest.head(all));
  await w.until(() => w.receipts.length > 0);
  assert.equal(w.arrival().state, 'complete');
  const [receipt] = w.receipts;
  assert.equal(receipt!.signerKeyId, w.receiptKey.publicKey.keyId);
  assert.deepEqual(
    [receipt!.forest, receipt!.accounts, receipt!.credentials, receipt!.differing, receipt!.completeAsOf],
    [w.forest.forest, 300, 300, [], receipt!.headTime],
  );
  w.show(w.forest.head(all));
  await w.until(() => w.receipts.length > 1);
  assert.ok(w.receipts[1]!.sequence > receipt!.sequence);
});

test('a withdrawal counts as a credential does', async () => {
  const w = watching(all);
  const one = entryOf(all[0]!, w.forest.forest);
  w.ledger.accounts.save(one);
  const withdrawn = { ...one, credentialSequence: 9000, hasCredential: false, withdrawn: true };
  const head = [{ ...all[0]!, credentialSequence: 9000 }, ...all.slice(1)];
  w.ledger.accounts.save(withdrawn);
  w.show(w.forest.head(head));
  await w.until(() => w.arrival().state === 'complete');
  w.ledger.accounts.save({ ...withdrawn, withdrawn: false });
  w.show(w.forest.head(head));
  await w.until(() => w.arrival().state === 'differs');
  w.ledger.accounts.save(withdrawn);
  w.show(w.forest.head(head));
  await w.until(() => w.arrival().state === 'complete');
});

test('a user that is withheld is an alarm, and the receipt tells of the bucket what is here', async () => {
  const w = watching(all.slice(1));
  const { anchor } = all[0]!;
  for (let n = 0; w.arrival().alarm === null; n++) {
    assert.ok(n < 100);
    w.show(w.forest.head(all));
    await sleep(30);
  }
  await w.until(() => {
    w.show(w.forest.head(all));
    return w.receipts.at(-1)!.alarmSince !== null;
  });
  const { alarm, state, differing, here, head } = w.arrival();
  assert.deepEqual([alarm?.kind, state, differing], ['differs', 'differs', [bucketOf(anchor)]]);
  assert.deepEqual([here.accounts, head?.accounts], [299, 300]);
  const receipt = w.receipts.at(-1)!;
  assert.deepEqual([receipt.differing, receipt.listed], [[bucketOf(anchor)], 1]);
  const bucket = all.filter(one => bucketOf(one.anchor) === bucketOf(anchor) && one.anchor !== anchor);
  assert.deepEqual(receipt.entries.map(([name]) => name).sort(), bucket.map(one => one.anchor).sort());
  assert.match(w.log(), /ALARM: not everything/);

  w.ledger.accounts.save(entryOf(all[0]!, w.forest.forest));
  w.show(w.forest.head(all));
  await w.until(() => w.arrival().state === 'complete');
  await w.until(() => /agree again/.test(w.log()));
});

test('a head that is forged, of another tenant, forest or version, or older than one before, is not believed', async () => {
  const w = watching(all);
  const early = w.forest.head(all.slice(5));
  w.show(w.forest.head(all));
  await w.until(() => w.arrival().state === 'complete');
  const { time } = w.arrival().head!;
  const stranger = new ForestPeer(TENANT);
  const foreign = new ForestPeer(randomUUID());
  const good = w.forest.head(all);
  const lies: [string, RegExp][] = [
    [early, /older than the one/],
    [stranger.head([]), /is not confirmed/],
    [`${good.slice(0, -4)}AAAA`, /signature/],
    [w.forest.head([], { tenant: foreign.tenant }), /made for tenant/],
    [w.forest.ofNewerVersion(good), /version 1 or 2 expected/],
    [w.forest.head([], { forest: 'other.example.com' }), /not confirmed for forest/],
    [w.forest.account(w.forest.person('x')), /another kind/],
    ['a.b.c', /base64url|header/],
  ];
  for (const [lie, why] of lies) {
    w.show(lie);
    await w.until(() => why.test(w.log()));
    assert.equal(w.arrival().head!.time, time);
  }
});

test('a forest of which nothing new comes is silent, also when an old head comes late, and from the beginning', async () => {
  const w = watching(all, { ...LIMITS, silenceMs: 1000 });
  const old = w.forest.head(all, { time: '2026-01-01T00:00:00.000Z' });
  await w.until(() => w.arrival().alarm?.kind === 'silent');
  assert.equal(w.arrival().head, null);
  w.show(old);
  await w.until(() => w.receipts.length > 0);
  assert.equal(w.arrival().alarm?.kind, 'silent');
  w.show(w.forest.head(all));
  await w.until(() => w.arrival().alarm === null);
  assert.match(w.log(), /ALARM: the tenant has shown no new head/);
});

test('a head is compared only when the feed was asked for after it had come', async () => {
  const forest = new ForestPeer(TENANT);
  const ledger = new Ledger(join(folder, `${randomUUID()}.db`));
  const { keyId, publicKey, fingerprint } = forest.publicKey;
  ledger.agents.trust({
    keyId,
    publicKey,
    fingerprint,
    forest: forest.forest,
    trustedAt: new Date().toISOString(),
  });
  const head = forest.head([]);
  const stop = new AbortController();
  let woken = 0;
  const watch = new HeadWatch({
    ...{ ledger, tenant: TENANT, receiptKey: generateSigningKey(), limits: LIMITS, headIntervalMs: 20 },
    log: createLog('test', { write: () => {} }),
    onHead: () => woken++,
    send: async path => ({
      status: 200,
      headers: new Headers(),
      text: async () =>
        JSON.stringify(path.endsWith('/heads') ? { heads: [{ forest: forest.forest, head }] } : {}),
    }),
  });
  const before = performance.now();
  const running = watch.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
    ledger.close();
  });
  while (woken === 0) await sleep(5);
  watch.compare(before);
  assert.equal(ledger.heads.head(forest.forest)?.comparison, undefined);
  watch.compare(performance.now());
  assert.notEqual(ledger.heads.head(forest.forest)?.comparison, undefined);
});

test('what was not written is named, and only what was believed explains a difference', async () => {
  const missing = all[3]!;
  const problem = (forest: string, code: string) => ({
    ...({ kind: 'account', outcome: 'refused', verified: false } as const),
    ...{ anchor: missing.anchor, forest, code, reason: 'x', acceptable: null },
    ...{ sequence: missing.accountSequence, at: new Date().toISOString() },
  });
  for (const [code, state] of [
    ['protected-name', 'not all written'],
    ['bad-signature', 'differs'],
    ['record-mismatch', 'differs'],
    ['cloud-only', 'differs'],
  ] as const) {
    const w = watching(all.filter(entry => entry !== missing));
    const shown = problem(w.forest.forest, code);
    w.ledger.problems.save(shown);
    w.ledger.problems.save({ ...shown, kind: 'credential', sequence: missing.credentialSequence });
    w.show(w.forest.head(all));
    await w.until(() => w.receipts.length > 0);
    assert.equal(w.arrival().state, state, code);
    assert.deepEqual(w.receipts[0]!.notWritten, [
      [missing.anchor, 'account', code],
      [missing.anchor, 'credential', code],
    ]);
  }
});

test('who was not written of another forest says nothing of this one', async () => {
  const missing = all[3]!;
  const elsewhere = people(5000).find(
    ({ anchor }) => bucketOf(anchor) === bucketOf(missing.anchor) && !all.some(one => one.anchor === anchor),
  )!;
  const w = watching(all.filter(entry => entry !== missing));
  for (const [forest, { anchor, accountSequence: sequence }] of [
    [w.forest.forest, missing],
    ['fabrikam.example.org', elsewhere],
  ] as const) {
    const why = { kind: 'account', outcome: 'refused', code: 'protected-name', reason: 'x' } as const;
    w.ledger.problems.save({
      ...why,
      anchor,
      forest,
      verified: true,
      sequence,
      acceptable: null,
      at: new Date().toISOString(),
    });
  }
  const credential = { kind: 'credential', outcome: 'refused', code: 'no-account', reason: 'x' } as const;
  const { anchor, credentialSequence: sequence } = missing;
  const place = { anchor, forest: w.forest.forest, sequence, acceptable: null, at: new Date().toISOString() };
  w.ledger.problems.save({ ...credential, ...place, verified: true });
  w.show(w.forest.head(all));
  await w.until(() => w.receipts.length > 0);
  assert.equal(w.arrival().state, 'not all written');
  assert.deepEqual(
    w.receipts[0]!.notWritten.map(([who]) => who),
    [missing.anchor, missing.anchor],
  );
});

test('a receipt says what this managed domain reads only to a Connect that signed that it takes one, through a tenant that does', async () => {
  const w = watching(all);
  const answer = async (accepts: string, reads?: string[]) => {
    w.tenant.accepts = accepts;
    const before = w.receipts.length;
    w.show(w.forest.head(all, { reads }));
    await w.until(() => w.receipts.length > before);
    return w.receipts.at(-1)!.reads;
  };
  assert.equal(await answer('receipt-2'), undefined);
  assert.equal(await answer('', ['receipt-2']), undefined);
  assert.equal(await answer('receipt-2', ['account-3']), undefined);
  assert.deepEqual(await answer('receipt-2', ['account-3', 'receipt-2']), [...ACCEPTED_RECORDS]);
  assert.equal(await answer('receipt-2'), undefined);
});
