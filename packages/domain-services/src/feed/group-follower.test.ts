import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { createLog, timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { newGroup } from '../ledger/groups/group-book.ts';
import { Ledger } from '../ledger/ledger.ts';
import { ForestPeer, type Group } from '../testing/index.ts';
import { GroupFollower } from './group-follower.ts';

const TENANT = randomUUID();
const corp = new ForestPeer(TENANT);
const staff = corp.group('Staff');
const MAX_REQUESTS = 100;

interface Answer {
  status?: number;
  json: unknown;
}
const page = (cursor: string, items: unknown[] = [], more = false): Answer => ({
  json: { items, cursor, more },
});
const notServed: Answer = {
  status: 404,
  json: { error: { code: 'no-such-route', message: 'an older tenant' } },
};
const shown = (group: Group, ...records: string[]) => records.map(record => corp.groupItem(group, record));

/** Follows a scripted tenant until `done`. */
async function follow(
  answer: (after: string, count: number, follower: GroupFollower) => Answer,
  done: (ledger: Ledger) => boolean,
  milliseconds = 60_000,
) {
  const clock = new HandClock();
  const said: string[] = [];
  const ledger = new Ledger(':memory:', clock);
  ledger.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: timestamp(clock) });
  const asked: { after: string; at: number }[] = [];
  const stop = new AbortController();
  const began = clock.monotonic();
  const follower: GroupFollower = new GroupFollower({
    ...{ ledger, tenant: TENANT, domain: { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' } },
    log: createLog('test', { write: line => void said.push(line) }),
    send: async (path, { signal }) => {
      const after = new URL(path, 'http://tenant').searchParams.get('after') ?? '';
      const at = clock.monotonic() - began;
      if (done(ledger) || at >= milliseconds || asked.length === MAX_REQUESTS) stop.abort();
      else asked.push({ after, at });
      await othersTurn();
      signal?.throwIfAborted();
      const { status = 200, json } = answer(after, asked.length, follower);
      return { status, headers: new Headers(), text: async () => JSON.stringify(json) };
    },
  });
  await clock.during(follower.run(stop.signal));
  return { ledger, said: said.join(''), asked, follower, isDone: done(ledger) };
}

const isWhole = (ledger: Ledger): boolean => !!ledger.state.get('groupsReadAt');

test('asks a tenant of the previous release for its feed of groups every five minutes, and reports no trouble', async () => {
  const { asked, said, follower } = await follow(
    () => notServed,
    () => false,
    20 * 60_000,
  );
  assert.deepEqual(
    asked.map(({ at }) => at / 60_000),
    [0, 5, 10, 15],
  );
  assert.deepEqual([follower.isServed, follower.trouble, said], [false, undefined, '']);
});

test('believes records page by page, each page with its cursor, and skips only the item that cannot be read', async () => {
  const [record, ...slices] = [corp.groupRecord(staff), ...corp.slices(staff, ['a', 'b'])];
  const { ledger, said, asked } = await follow(
    after =>
      after === ''
        ? page('1', [null, { forest: 'NO FOREST' }, ...shown(staff, record!)], true)
        : after === '1'
          ? page('2', shown(staff, ...slices))
          : page('2'),
    isWhole,
  );
  assert.deepEqual([asked.map(({ after }) => after), ledger.state.get('groupCursor')], [['', '1'], '2']);
  const group = { forest: corp.forest, anchor: staff.anchor };
  assert.equal(ledger.groups.of(group)?.wantedName, 'Staff');
  assert.equal(ledger.slices.of(group).length, 1);
  assert.equal(ledger.heads.newest(corp.forest), ledger.slices.of(group)[0]!.sequence);
  assert.match(said, /cannot read/);
});

test('lists and logs a rejected record once, and processes the others', async () => {
  const fabrikam = new ForestPeer(TENANT, 'fabrikam.example.org');
  const other = corp.group('Other');
  const { ledger, said } = await follow(
    after =>
      after === ''
        ? page('1', [
            ...shown(staff, fabrikam.groupRecord(staff, { forest: corp.forest })),
            ...shown(staff, corp.slice(other, ['a'])),
            ...shown(other, corp.groupRecord(other)),
          ])
        : page('1'),
    isWhole,
  );
  assert.deepEqual(
    ledger.problems
      .list()
      .map(({ kind, code, verified }) => [kind, code, verified])
      .sort(),
    [
      ['group', 'unknown-signer', false],
      ['members', 'record-mismatch', false],
    ],
  );
  assert.deepEqual(ledger.problems.groupCounts(), { 'record-mismatch': 1, 'unknown-signer': 1 });
  assert.equal(ledger.groups.of({ forest: corp.forest, anchor: other.anchor })?.wantedName, 'Other');
  assert.match(said, /refused records of groups/);
});

test('does not move the cursor with a page that was in flight when the feed was set back to its start', async () => {
  let again = false;
  let setBack = () => {};
  const { asked } = await follow(
    (after, count, follower) => {
      if (count === 2) {
        again = true;
        setBack();
        follower.wake();
      }
      return after === '' ? page('1', [], true) : page('2');
    },
    ledger => {
      setBack = () => ledger.state.set('cursor', '');
      return again && isWhole(ledger);
    },
  );
  assert.deepEqual(
    asked.map(({ after }) => after),
    ['', '1', '', '1'],
  );
});

test('starts the feed over when the tenant does not know the cursor', async () => {
  const refusal = { error: { code: 'bad-request', message: 'no such cursor' } };
  const { asked } = await follow(
    (after, count) =>
      count === 2 ? { status: 400, json: refusal } : page(after === '' ? 'first' : 'second', [], count < 4),
    isWhole,
  );
  assert.deepEqual(
    asked.map(({ after }) => after),
    ['', 'first', '', 'first'],
  );
});

test('a group that an administrator accepted as another object gets the slices that came before its record', async () => {
  const anew = { ...staff, objectGuid: randomUUID() };
  const items = [...shown(anew, ...corp.slices(anew, ['a'])), ...shown(anew, corp.groupRecord(anew))];
  const group = { forest: corp.forest, anchor: staff.anchor };
  let isAccepted = false;
  const { ledger, asked } = await follow(
    after => (after === '' ? page('1', items) : page('1')),
    found => {
      if (!isAccepted) {
        isAccepted = true;
        const accepted = `pin:${corp.forest}/${anew.objectGuid}`;
        found.groups.save({ ...newGroup(group, staff.objectGuid), accepted });
      }
      return isWhole(found);
    },
  );
  assert.deepEqual(
    asked.map(({ after }) => after),
    ['', ''],
  );
  assert.equal(ledger.groups.of(group)?.objectGuid, anew.objectGuid);
  assert.equal(ledger.slices.of(group).length, 1);
  assert.deepEqual(ledger.problems.groupCounts(), {});
});
