import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { ACCEPTED_RECORDS, ACCEPTS_HEADER, CLOUD_RECEIPT } from '@causeway/contract';
import {
  bucketOf,
  CLOUD_FOREST,
  type Entry,
  generateSigningKey,
  type HeadFields,
  MAX_ENTRIES,
  peekReceipt,
  type Receipt,
} from '@causeway/records';
import { createLog, timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { newEntry } from '../apply/plan.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { Ledger } from '../ledger/ledger.ts';
import { ForestPeer } from '../testing/index.ts';
import { arrivals } from './arrival.ts';
import { HeadWatch, type HeadWatchOptions } from './head-watch.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-heads-'));
after(() => rmSync(folder, { recursive: true }));
const LIMITS = { differenceMs: 60_000, silenceMs: 300_000 };
const INTERVAL_MS = 10_000;
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

let clock: HandClock;
const ends: (() => Promise<void>)[] = [];
beforeEach(() => {
  clock = new HandClock();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A watch over a ledger, with a tenant that shows the heads a test wants. */
function watching(entries: readonly Entry[], options: Partial<HeadWatchOptions> = {}) {
  const forest = new ForestPeer(TENANT);
  const ledger = new Ledger(join(folder, `${randomUUID()}.db`), clock);
  const { keyId, publicKey, fingerprint } = forest.publicKey;
  ledger.agents.trust({
    keyId,
    publicKey,
    fingerprint,
    forest: forest.forest,
    trustedAt: timestamp(clock),
  });
  ledger.transaction(() => {
    for (const entry of entries) ledger.accounts.save(entryOf(entry, forest.forest));
  });
  const shown: { forest: string; head: string }[] = [];
  const receipts: Receipt[] = [];
  const readAgain: number[] = [];
  const tenant = { accepts: '' };
  const lines: string[] = [];
  const receiptKey = generateSigningKey();
  const stop = new AbortController();
  const watch = new HeadWatch({
    ...{ ledger, tenant: TENANT, receiptKey, limits: LIMITS, headIntervalMs: INTERVAL_MS },
    log: createLog('test', { write: line => lines.push(line) }),
    onHead: () => watch.compare('users', clock.monotonic() + 1), // as if the feed had been read to its end at once
    onLasting: () => void readAgain.push(clock.now()),
    send: async (path, { body }) => {
      if (path.endsWith('/receipts'))
        receipts.push(peekReceipt((JSON.parse(body!) as { receipt: string }).receipt)!);
      const json = path.endsWith('/heads') ? { heads: shown } : {};
      const headers = new Headers({ [ACCEPTS_HEADER]: tenant.accepts });
      return { status: 200, headers, text: async () => JSON.stringify(json) };
    },
    ...options,
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
    readAgain,
    receiptKey,
    tenant,
    watch,
    log: () => lines.join(''),
    /** A head in which the forest's Connect says what the tenant has. */
    head: (said: readonly Entry[], changes: Partial<HeadFields> = {}) =>
      forest.head(said, { time: timestamp(clock), ...changes }),
    /** Shows a head by the tenant, and waits until the watch has read and answered it. */
    async shows(head: string) {
      await clock.sleeping(2);
      shown.splice(0, shown.length, { forest: forest.forest, head });
      await clock.pass(INTERVAL_MS);
      await clock.sleeping(2);
    },
    arrival: () => arrivals(ledger, LIMITS, watch.startedAt)[0]!,
  };
}

const all = people(300);

test('compares a head and answers it with a receipt that its Connect believes', async () => {
  const w = watching(all);
  await w.shows(w.head(all));
  assert.equal(w.arrival().state, 'complete');
  const [receipt, ...others] = w.receipts;
  assert.equal(receipt!.signerKeyId, w.receiptKey.publicKey.keyId);
  assert.deepEqual(
    [receipt!.forest, receipt!.accounts, receipt!.credentials, receipt!.differing, receipt!.completeAsOf],
    [w.forest.forest, 300, 300, [], receipt!.headTime],
  );
  assert.deepEqual(others, []);
  await w.shows(w.head(all));
  assert.equal(w.receipts.length, 2);
  assert.ok(w.receipts[1]!.sequence > receipt!.sequence);
});

test('counts a withdrawal like a credential', async () => {
  const w = watching(all);
  const one = entryOf(all[0]!, w.forest.forest);
  w.ledger.accounts.save(one);
  const withdrawn = { ...one, credentialSequence: 9000, hasCredential: false, withdrawn: true };
  const head = [{ ...all[0]!, credentialSequence: 9000 }, ...all.slice(1)];
  for (const [entry, state] of [
    [withdrawn, 'complete'],
    [{ ...withdrawn, withdrawn: false }, 'differs'],
    [withdrawn, 'complete'],
  ] as const) {
    w.ledger.accounts.save(entry);
    await w.shows(w.head(head));
    assert.equal(w.arrival().state, state);
  }
});

test('raises an alarm for a withheld user once that lasts, and the receipt lists what the bucket holds here', async () => {
  const w = watching(all.slice(1));
  const { anchor } = all[0]!;
  await w.shows(w.head(all));
  const since = timestamp(clock);
  await clock.pass(LIMITS.differenceMs - INTERVAL_MS - 1);
  assert.equal(w.arrival().alarm, null, 'what one head says may be on its way');
  await w.shows(w.head(all));
  assert.deepEqual([w.arrival().state, w.arrival().alarm], ['differs', null]);
  await clock.pass(1);
  assert.deepEqual(w.arrival().alarm, { kind: 'differs', since });
  await w.shows(w.head(all));
  const { alarm, state, differing, here, head } = w.arrival();
  assert.deepEqual([alarm?.kind, state, differing], ['differs', 'differs', [bucketOf(anchor)]]);
  assert.deepEqual([here.accounts, head?.accounts], [299, 300]);
  const receipt = w.receipts.at(-1)!;
  assert.deepEqual([receipt.alarmSince, receipt.differing, receipt.listed], [since, [bucketOf(anchor)], 1]);
  const bucket = all.filter(one => bucketOf(one.anchor) === bucketOf(anchor) && one.anchor !== anchor);
  assert.deepEqual(receipt.entries.map(([name]) => name).sort(), bucket.map(one => one.anchor).sort());
  assert.match(w.log(), /ALARM: not everything/);

  w.ledger.accounts.save(entryOf(all[0]!, w.forest.forest));
  await w.shows(w.head(all));
  assert.equal(w.arrival().state, 'complete');
  assert.match(w.log(), /match the ledger again/);
});

test('rejects a head that is forged, of another tenant, forest or version, or older than the last one', async () => {
  const w = watching(all);
  const early = w.head(all.slice(5));
  await w.shows(w.head(all));
  assert.equal(w.arrival().state, 'complete');
  const { time } = w.arrival().head!;
  const stranger = new ForestPeer(TENANT);
  const foreign = new ForestPeer(randomUUID());
  const good = w.head(all);
  const lies: [string, RegExp][] = [
    [early, /older than the one/],
    [stranger.head([]), /is not confirmed/],
    [`${good.slice(0, -4)}AAAA`, /signature/],
    [w.head([], { tenant: foreign.tenant }), /made for tenant/],
    [w.forest.ofNewerVersion(good), /version 1 or 2 or 3 expected/],
    [w.head([], { forest: 'other.example.com' }), /not confirmed for forest/],
    [w.forest.account(w.forest.person('x')), /another kind/],
    ['a.b.c', /base64url|header/],
  ];
  for (const [lie, why] of lies) {
    await w.shows(lie);
    assert.match(w.log(), why);
    assert.equal(w.arrival().head!.time, time);
  }
});

test('reports a forest as silent when no new head comes, also when only an old one comes late, and from the beginning', async () => {
  const w = watching(all);
  const old = w.head(all, { time: '2026-01-01T00:00:00.000Z' });
  await clock.pass(LIMITS.silenceMs);
  assert.equal(w.arrival().alarm, null);
  await clock.pass(INTERVAL_MS);
  assert.deepEqual([w.arrival().alarm?.kind, w.arrival().head], ['silent', null]);
  assert.match(w.log(), /ALARM: the tenant has shown no new head/);
  await w.shows(old);
  assert.equal(w.receipts.length, 1);
  assert.equal(w.arrival().alarm?.kind, 'silent');
  await w.shows(w.head(all));
  assert.equal(w.arrival().alarm, null);
});

test('compares a head only when the feed was requested after the head came', async () => {
  let woken = 0;
  const w = watching([], { onHead: () => void woken++ });
  await w.shows(w.head([]));
  assert.equal(woken, 1);
  const compared = () => w.ledger.heads.head(w.forest.forest)?.comparison !== undefined;
  for (const ago of [1, 0]) {
    w.watch.compare('users', clock.monotonic() - ago);
    assert.equal(compared(), false);
  }
  await clock.pass(1);
  w.watch.compare('users', clock.monotonic());
  assert.equal(compared(), true);
});

test('names what was not written, and explains a difference only by records that were believed', async () => {
  const missing = all[3]!;
  const problem = (forest: string, code: string) => ({
    ...({ kind: 'account', outcome: 'refused', verified: false } as const),
    ...{ anchor: missing.anchor, forest, code, reason: 'x', acceptable: null },
    ...{ sequence: missing.accountSequence, at: timestamp(clock) },
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
    await w.shows(w.head(all));
    assert.equal(w.arrival().state, state, code);
    assert.deepEqual(w.receipts[0]!.notWritten, [
      [missing.anchor, 'account', code],
      [missing.anchor, 'credential', code],
    ]);
  }
});

test('does not count what another forest has not written', async () => {
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
      at: timestamp(clock),
    });
  }
  const credential = { kind: 'credential', outcome: 'refused', code: 'no-account', reason: 'x' } as const;
  const { anchor, credentialSequence: sequence } = missing;
  const place = { anchor, forest: w.forest.forest, sequence, acceptable: null, at: timestamp(clock) };
  w.ledger.problems.save({ ...credential, ...place, verified: true });
  await w.shows(w.head(all));
  assert.equal(w.arrival().state, 'not all written');
  assert.deepEqual(
    w.receipts[0]!.notWritten.map(([who]) => who),
    [missing.anchor, missing.anchor],
  );
});

test('says what this domain reads only to a Connect that signed that it accepts this, through a tenant that does too', async () => {
  const w = watching(all);
  const answer = async (accepts: string, reads?: string[]) => {
    w.tenant.accepts = accepts;
    const before = w.receipts.length;
    await w.shows(w.head(all, { reads }));
    assert.equal(w.receipts.length, before + 1);
    return w.receipts.at(-1)!.reads;
  };
  assert.equal(await answer('receipt-2'), undefined);
  assert.equal(await answer('', ['receipt-2']), undefined);
  assert.equal(await answer('receipt-2', ['account-3']), undefined);
  assert.deepEqual(await answer('receipt-2', ['account-3', 'receipt-2']), [...ACCEPTED_RECORDS]);
  assert.equal(await answer('receipt-2'), undefined);
});

const TAKES = { accepts: 'receipt-2, receipt-3', reads: ['receipt-2', 'receipt-3'] };

test('tells a Connect that lost count the newest sequence with every beat, whichever head it signed', async () => {
  const w = watching(all);
  w.tenant.accepts = TAKES.accepts;
  const restored = [w.head(all), w.head(all, { reads: TAKES.reads })];
  const newest = w.head(all, { reads: TAKES.reads });
  await w.shows(newest);
  const { headSequence } = w.receipts.at(-1)!;
  w.ledger.heads.noteBelieved(w.forest.forest, headSequence + 7);
  w.ledger.heads.noteBelieved(w.forest.forest, headSequence + 5);
  w.receipts.length = 0;
  await w.shows(restored[1]!);
  await w.shows(restored[1]!);
  assert.match(w.log(), /older than the one/);
  assert.ok(w.receipts.length >= 2, 'though nothing was compared');
  for (const one of w.receipts)
    assert.deepEqual([one.headSequence, one.newest], [headSequence, headSequence + 7]);
  // The head of a Connect of the previous release, whose state is older still.
  await w.shows(restored[0]!);
  assert.equal(w.receipts.at(-1)!.newest, undefined);
});

test('names the newest sequence in a receipt even before a head was compared', async () => {
  const w = watching([], { onHead: () => undefined });
  w.tenant.accepts = TAKES.accepts;
  w.ledger.heads.noteBelieved(w.forest.forest, 5);
  await w.shows(w.head([], { sequence: 3 }));
  assert.deepEqual(w.receipts, [], 'nobody has said yet that they read it');
  await w.shows(w.head([], { sequence: 4, reads: TAKES.reads }));
  await w.shows(w.head([], { sequence: 4, reads: TAKES.reads }));
  const { headSequence, headTime, newest, completeAsOf } = w.receipts.at(-1)!;
  assert.deepEqual([headSequence, headTime, newest, completeAsOf], [0, null, 5, null]);
});

test('believes the first of two heads with one sequence', async () => {
  const w = watching(all);
  await w.shows(w.head(all, { sequence: 1000 }));
  const { state, head } = w.arrival();
  assert.equal(state, 'complete');
  await w.shows(w.head(all.slice(1), { sequence: 1000, time: head!.time }));
  assert.match(w.log(), /older than the one/);
  assert.equal(w.arrival().state, 'complete');
});

test('reads the feed again for a lasting difference: at once, after an hour, then daily, even across a restart', async () => {
  const w = watching(all.slice(1));
  const HOURS = 3_600_000;
  const began = clock.now();
  const lasting = async () => {
    await w.shows(w.head(all));
    await w.shows(w.head(all));
    return w.readAgain.splice(0).length;
  };
  await w.shows(w.head(all));
  assert.deepEqual(w.readAgain, [], 'one head may speak of what is on its way');
  assert.equal(await lasting(), 1);
  assert.match(w.log(), /reading the feed from its start/);
  assert.equal(await lasting(), 0);
  const at = async (hours: number) => {
    clock.set(began + hours * HOURS);
    return await lasting();
  };
  const answers: number[] = [];
  for (const hours of [0.9, 1.1, 2.2, 24, 25.2, 48, 49.3]) answers.push(await at(hours));
  assert.deepEqual(answers, [0, 1, 0, 0, 1, 0, 1]);
  assert.match(w.ledger.state.get('readAgain')!, /"times":4/);

  const agree = async (hours: number) => {
    clock.set(began + hours * HOURS);
    w.ledger.accounts.save(entryOf(all[0]!, w.forest.forest));
    await w.shows(w.head(all));
    w.ledger.accounts.save({
      ...w.ledger.accounts.of({ forest: w.forest.forest, anchor: all[0]!.anchor })!,
      managedGuid: null,
    });
  };
  await agree(50);
  assert.equal(await lasting(), 0, 'agreement in between gives nothing back within a day');
  await agree(80);
  assert.equal(await lasting(), 1);
  assert.match(w.ledger.state.get('readAgain')!, /"times":1/);
});

/** The id of a cloud-only user, which is also their objectGUID. */
const idOf = (n: number) => `8d6f5a1e-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A watch to which the tenant showed, for each of these users, a record older than the one here. */
function shownOlder(changes: readonly Partial<LedgerEntry>[]) {
  const w = watching([]);
  w.tenant.accepts = CLOUD_RECEIPT;
  const refused = (n: number, kind: 'account' | 'credential', code = 'older-sequence', verified = true) =>
    w.ledger.problems.save({
      ...{ forest: CLOUD_FOREST, anchor: idOf(n), kind, verified, outcome: 'refused', code },
      ...{ reason: 'x', acceptable: null, sequence: 1, at: timestamp(clock) },
    });
  w.ledger.transaction(() => {
    for (const [n, change] of changes.entries()) {
      const entry = entryOf({ anchor: idOf(n), accountSequence: 20, credentialSequence: 10 }, CLOUD_FOREST);
      w.ledger.accounts.save({ ...entry, objectGuid: idOf(n), ...change });
      refused(n, 'account');
      refused(n, 'credential');
    }
  });
  return {
    ...w,
    refused,
    /** The receipts of the next beat. */
    async beat() {
      w.receipts.length = 0;
      await w.shows(w.head([]));
      return w.receipts.filter(({ forest }) => forest === CLOUD_FOREST);
    },
  };
}

test('reports cloud-only users of whom the tenant showed something older: newer here, deleted, or with a pending deletion', async () => {
  const gone = { managedGuid: null, deletedAt: '2026-11-24T10:00:00.000Z', hasCredential: false };
  const w = shownOlder([{}, { ...gone, accountSequence: 30 }, { deleteSequence: 40 }]);
  for (const code of ['no-account', 'bad-signature']) w.refused(3, 'account', code);
  w.refused(4, 'account', 'older-sequence', false);
  const [receipt, ...others] = await w.beat();
  assert.deepEqual(others, []);
  assert.deepEqual(receipt!.older, [
    [idOf(0), 20, 10, false],
    [idOf(1), 30, 0, true],
    [idOf(2), 40, 10, true],
  ]);
  assert.deepEqual([receipt!.headSequence, receipt!.tenant], [0, TENANT]);
  assert.equal(receipt!.signerKeyId, w.receiptKey.publicKey.keyId);
  assert.ok((await w.beat())[0]!.sequence > receipt!.sequence);
  assert.deepEqual(w.readAgain, []);
  assert.doesNotMatch(w.log(), /ALARM/);

  for (const n of [0, 1, 2])
    for (const kind of ['account', 'credential'] as const)
      w.ledger.problems.clear({ forest: CLOUD_FOREST, anchor: idOf(n) }, kind);
  assert.deepEqual(await w.beat(), [], 'all is as the tenant says');
});

test('reports no cloud-only users to a tenant of the previous release', async () => {
  const w = shownOlder([{}]);
  w.tenant.accepts = ACCEPTED_RECORDS.join();
  assert.deepEqual(await w.beat(), []);
  assert.deepEqual(await w.beat(), []);
});

test('reports users beyond the limit of a receipt in the next one, even with an anchor that no tenant of ours signs', async () => {
  const w = shownOlder(Array.from({ length: MAX_ENTRIES + 1 }, () => ({})));
  const odd = { sourceAnchor: '\u{1F600}'.repeat(120), forest: CLOUD_FOREST, objectGuid: randomUUID() };
  w.ledger.accounts.save({ ...newEntry(odd), accountSequence: 7 });
  w.ledger.problems.save({
    ...{ forest: CLOUD_FOREST, anchor: odd.sourceAnchor, kind: 'account', verified: true },
    ...{ outcome: 'refused', code: 'older-sequence', reason: 'x', acceptable: null, sequence: 1 },
    at: timestamp(clock),
  });
  const named = async () => (await w.beat()).flatMap(({ older }) => older!.map(([id]) => id));
  const [first, second, third] = [await named(), await named(), await named()];
  assert.deepEqual([first.length, second], [MAX_ENTRIES, [idOf(MAX_ENTRIES)]]);
  assert.deepEqual(third, first);
});
