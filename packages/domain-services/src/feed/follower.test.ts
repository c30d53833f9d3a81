import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { CallError, type Send } from '@causeway/api';
import { ACCEPTS_HEADER, type DomainReport, EMPTY_PROFILE } from '@causeway/contract';
import { generateSealingKey } from '@causeway/records';
import { createLog, timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { LdbModify } from '../directory/ldb/ldb-modify.ts';
import { Ledger } from '../ledger/ledger.ts';
import { MAX_UNVERIFIED } from '../ledger/problem-book.ts';
import { ForestPeer } from '../testing/index.ts';
import { Follower } from './follower.ts';
import { readFeed } from './read-feed.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-follower-'));
after(() => rmSync(folder, { recursive: true }));
const sealingKey = await generateSealingKey();
const TENANT = randomUUID();
const clock = new HandClock();
/** Ends the test of a follower that never pauses. */
const MAX_REQUESTS = 200;

interface Answer {
  status?: number;
  json: unknown;
}

/** Follows a scripted tenant until the first request after `done`. Nothing in these tests reaches the directory. */
async function follow(
  answer: (url: URL, count: number) => Answer,
  done: (ledger: Ledger) => boolean,
  name: string = randomUUID(),
  accepts?: string,
) {
  const said: string[] = [];
  const log = createLog('test', { write: line => void said.push(line) });
  const ledger = new Ledger(join(folder, `${name}.db`), clock);
  const requests: URL[] = [];
  const reports: DomainReport[] = [];
  const stop = new AbortController();
  let until = Number.POSITIVE_INFINITY;
  const follower = new Follower({
    ...{ ledger, sealingKey, log, tenant: TENANT, deletionThreshold: 500 },
    // The follower does not ask for names of users whose records no trusted key signed.
    directory: { holders: async () => [] } as never,
    ldbModify: new LdbModify({ directory: folder }),
    domain: { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' },
    send: async (path, { body, signal }) => {
      const headers = new Headers(accepts === undefined ? {} : { [ACCEPTS_HEADER]: accepts });
      const url = new URL(path, 'http://tenant');
      if (url.pathname.endsWith('/reports')) {
        reports.push(...(JSON.parse(body!) as { reports: DomainReport[] }).reports);
        return { status: 200, headers, text: async () => '{}' };
      }
      if (url.pathname.endsWith('/tenant-key')) {
        const json = { error: { code: 'no-such-route', message: 'an older tenant' } };
        return { status: 404, headers: new Headers(), text: async () => JSON.stringify(json) };
      }
      const ends = clock.monotonic() >= until || requests.length === MAX_REQUESTS;
      if (ends || done(ledger)) stop.abort();
      else requests.push(url);
      await othersTurn();
      signal?.throwIfAborted();
      const { status = 200, json } = answer(url, requests.length);
      return { status, headers, text: async () => JSON.stringify(json) };
    },
  });
  return {
    ledger,
    requests,
    said,
    wake: () => follower.wake(),
    readAgain: () => follower.readAgain(),
    reports,
    /** @returns whether `done` came true before that time had passed */
    async run(milliseconds = 60_000) {
      until = clock.monotonic() + milliseconds;
      await clock.during(follower.run(stop.signal));
      return done(ledger);
    },
  };
}

const empty = (cursor: string, more = false): Answer => ({
  json: { items: [], cursor, more, moreNew: more },
});

test('lists a malformed user of the feed, reads them again later, and processes the others', async () => {
  const items = [
    { sourceAnchor: 'bad1', forest: 'corp.example.com', origin: 'nowhere' },
    ...[null, 7, { sourceAnchor: 'a\u001b[2J' }, { sourceAnchor: 'of whom', forest: 'NO FOREST' }],
  ];
  const feed = await follow(
    url =>
      url.searchParams.get('after') === ''
        ? { json: { items, cursor: '9', more: false, moreNew: false } }
        : empty('9'),
    ledger => ledger.state.get('cursor') === '9' && ledger.state.get('caughtUpAt') !== undefined,
  );
  assert.ok(await feed.run());
  const [problem, ...others] = feed.ledger.problems.list();
  assert.deepEqual([problem!.anchor, problem!.code, others.length], ['bad1', 'malformed', 0]);
  assert.ok(feed.ledger.problems.hasFailed(), 'it is read again with the next start');
});

test('starts the feed over when the tenant does not know the cursor', async () => {
  const refusal = { error: { code: 'bad-request', message: 'no such cursor' } };
  const feed = await follow(
    url => (url.searchParams.get('after') === 'made-up' ? { status: 400, json: refusal } : empty('5')),
    ledger => ledger.state.get('cursor') === '5',
  );
  feed.ledger.state.set('cursor', 'made-up');
  assert.ok(await feed.run());
});

test('reads the feed again from the start, once, after an upgrade that announces more', async () => {
  const name = randomUUID();
  const before = await follow(
    () => empty('5'),
    () => true,
    name,
  );
  before.ledger.state.set('cursor', '7');
  before.ledger.state.set('announced', 'account-3');
  before.ledger.close();
  const upgraded = await follow(
    () => empty('9'),
    ledger => ledger.state.get('cursor') === '9',
    name,
  );
  assert.ok(await upgraded.run());
  assert.equal(upgraded.requests[0]!.searchParams.get('after'), '');
  upgraded.ledger.close();
  let asked = 0;
  const answer = (_url: URL, count: number): Answer => {
    asked = count;
    return empty('9');
  };
  const restarted = await follow(answer, () => asked > 0, name);
  assert.ok(await restarted.run());
  assert.equal(restarted.requests[0]!.searchParams.get('after'), '9');
});

test('does not poll more than once in 100 ms when the tenant always reports more, or answers at once with nothing', async () => {
  for (const more of [true, false]) {
    const feed = await follow(
      () => empty('5', more),
      () => false,
    );
    await feed.run(1000);
    assert.equal(feed.requests.length, 10, 'one in 100 ms');
    assert.ok(feed.ledger.state.get('caughtUpAt') !== undefined, 'deletions are not held up');
  }
});

const corp = new ForestPeer(TENANT);

/** A user whose record no trusted key signed. */
const madeUp = (n: number, accountRecord = 'e30.e30.e30') => ({
  ...{ userId: randomUUID(), origin: 'synchronized', forest: corp.forest },
  ...{ sourceAnchor: `made-up-${n}`, accountRecord, credentialRecord: null },
  profile: EMPTY_PROFILE,
});

test('a wake during read-ahead causes no extra request and logs nothing', async () => {
  const page = (count: number): Answer => ({
    json: {
      items: [0, 1, 2].map(n => madeUp(10 * count + n)),
      ...{ cursor: String(count), more: count < 5, moreNew: count < 5 },
    },
  });
  const feed = await follow(
    (url, count) => {
      if (count === 2) feed.wake();
      return url.searchParams.get('after') === '5' ? empty('5') : page(count);
    },
    ledger => ledger.state.get('caughtUpAt') !== undefined,
  );
  assert.ok(await feed.run());
  assert.deepEqual(
    feed.requests.slice(0, 5).map(url => url.searchParams.get('after')),
    ['', '1', '2', '3', '4'],
  );
  assert.doesNotMatch(feed.said.join(''), /cannot follow|unexpected/);
});

test('reads the feed again from the start when asked to, even with a page in flight, and also after a restart', async () => {
  const page = (count: number): Answer => ({
    json: { items: [madeUp(count)], cursor: String(count), more: count < 9, moreNew: false },
  });
  const name = randomUUID();
  const cursors: (string | undefined)[] = [];
  const starts = () => feed.requests.filter(url => url.searchParams.get('after') === '').length;
  const feed = await follow(
    (_url, count) => {
      // A page is being written at this moment.
      if (count === 3) feed.readAgain();
      if (count >= 3) cursors.push(feed.ledger.state.get('cursor'));
      return page(count);
    },
    ledger => starts() > 1 && ledger.state.get('caughtUpAt') !== undefined,
    name,
  );
  assert.ok(await feed.run());
  assert.deepEqual([cursors[0], starts()], ['', 2]);
  feed.readAgain();
  feed.ledger.close();
  const restarted = await follow(
    () => empty('9'),
    ledger => ledger.state.get('cursor') === '9',
    name,
  );
  assert.ok(await restarted.run());
  assert.equal(restarted.requests[0]!.searchParams.get('after'), '');
});

test('logs a failure, even when a wake interrupts the turn', async () => {
  const feed = await follow(
    () => {
      feed.wake();
      return { status: 503, json: { error: { code: 'down', message: 'the tenant is down' } } };
    },
    () => /cannot follow/.test(feed.said.join('')),
  );
  assert.ok(await feed.run());
});

const ofSomebodyElse = corp.account(corp.person('alice'));
for (const [people, accountRecord] of [
  ['whose records no trusted key signed', 'e30.e30.e30'],
  ["with another user's genuine record", ofSomebodyElse],
] as const) {
  test(`an endless feed of users ${people} fills neither the ledger nor the outbox`, () =>
    endlessFeed(accountRecord));
}

async function endlessFeed(accountRecord: string): Promise<void> {
  let shown = 0;
  const page = (count: number): Answer => ({
    json: {
      items: Array.from({ length: 100 }, () => madeUp(shown++, accountRecord)),
      ...{ cursor: String(count), more: true, moreNew: true },
    },
  });
  const feed = await follow(
    (_url, count) => page(count),
    () => shown >= 3000,
  );
  feed.ledger.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: timestamp(clock) });
  assert.ok(await feed.run());
  assert.equal(feed.ledger.problems.list(10_000).length, MAX_UNVERIFIED);
  assert.ok(feed.ledger.problems.unlisted() > 0);
  assert.ok(feed.ledger.outbox.first(10_000).length <= MAX_UNVERIFIED);
}

test('rejects and reports a record of an unsupported version that the tenant sends anyway, and processes the users behind it', async () => {
  const alice = corp.person('alice');
  const record = corp.ofNewerVersion(corp.account(alice));
  const unread = { ...madeUp(1), ...corp.item(alice, record, null) };
  const feed = await follow(
    url =>
      url.searchParams.get('after') === ''
        ? { json: { items: [unread], cursor: '9', more: true, moreNew: true } }
        : { json: { items: [madeUp(2)], cursor: '10', more: false, moreNew: false } },
    ledger => ledger.state.get('cursor') === '10' && ledger.state.get('caughtUpAt') !== undefined,
  );
  feed.ledger.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: timestamp(clock) });
  assert.ok(await feed.run());
  const problem = feed.ledger.problems.list().find(({ anchor }) => anchor === alice.anchor);
  assert.equal(problem?.code, 'unsupported-version');
  const report = feed.reports.find(({ sourceAnchor }) => sourceAnchor === alice.anchor);
  assert.equal(report?.outcome, 'refused');
  assert.match(report?.reason ?? '', /format version/);
});

test('takes the newest sequence of a forest from every believed record, also of an absent user, and from no other', async () => {
  const [alice, bob] = [corp.person('alice'), corp.person('bob')];
  const stranger = new ForestPeer(TENANT, corp.forest);
  const gone = { deleted: true, enabled: false };
  const newest = Date.now() * 1000 + 10 ** 12;
  const items = [
    corp.item(alice, corp.account(alice, { ...gone, sequence: newest }), corp.withdrawal(alice, 3)),
    corp.item(bob, stranger.account(bob, { sequence: newest + 7 }), null),
  ].map(item => ({ userId: randomUUID(), profile: EMPTY_PROFILE, ...item }));
  const feed = await follow(
    () => ({ json: { items, cursor: '9', more: false, moreNew: false } }),
    ledger => ledger.state.get('caughtUpAt') !== undefined,
  );
  feed.ledger.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: timestamp(clock) });
  assert.ok(await feed.run());
  assert.equal(feed.ledger.heads.newest(corp.forest), newest);
  const kept = feed.ledger.accounts.of({ forest: corp.forest, anchor: alice.anchor })!;
  assert.ok(kept.accountDigest && kept.credentialDigest);
  assert.equal(kept.accountSequence, newest);
});

test('names the forest in a report only to a tenant that accepts it', async () => {
  const item = (forest: string | null, origin: 'synchronized' | 'cloud') => ({
    ...{ userId: randomUUID(), origin, forest, sourceAnchor: 'one-anchor', profile: EMPTY_PROFILE },
    ...{ accountRecord: 'e30.e30.e30', credentialRecord: null },
  });
  const items = [item('a.example', 'synchronized'), item('b.example', 'synchronized'), item(null, 'cloud')];
  for (const [accepts, forests] of [
    ['account-3, report-2', ['a.example', 'b.example', null]],
    ['account-3', [undefined, undefined, undefined]],
    [undefined, [undefined, undefined, undefined]],
  ] as const) {
    const feed = await follow(
      url =>
        url.searchParams.get('after') === ''
          ? { json: { items, cursor: '9', more: false, moreNew: false } }
          : empty('9'),
      ledger => ledger.state.get('caughtUpAt') !== undefined,
      randomUUID(),
      accepts,
    );
    assert.ok(await feed.run());
    assert.deepEqual(
      feed.reports.map(({ forest }) => forest),
      forests,
    );
    const listed = feed.ledger.problems.list().map(({ forest, anchor }) => `${anchor} of ${forest}`);
    assert.equal(new Set(listed).size, 3);
  }
});

test('asks for smaller pages when an answer would be too large', async () => {
  const limits: number[] = [];
  const send: Send = async path => {
    const limit = Number(new URL(path, 'http://tenant').searchParams.get('limit'));
    limits.push(limit);
    if (limit > 20) throw new CallError(0, 'answer-too-large', 'the answer is too large');
    const json = { items: [], cursor: '7', more: false, moreNew: false };
    return { status: 200, headers: new Headers(), text: async () => JSON.stringify(json) };
  };
  const page = await readFeed(send, { after: '', limit: 1000, wait: 0 }, AbortSignal.timeout(5000));
  assert.equal(page.cursor, '7');
  assert.deepEqual(limits, [1000, 250, 63, 16]);
});
