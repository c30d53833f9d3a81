import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { ACCEPTED_RECORDS, ACCEPTS_HEADER, type GroupFeedItem } from '@causeway/contract';
import {
  bitsOf,
  type GroupEntry,
  generateSigningKey,
  groupBucketOf,
  MAX_NOT_WRITTEN,
  memberKey,
  peekGroupRecord,
  peekReceipt,
  type Receipt,
  summarizeGroups,
} from '@causeway/records';
import { timestamp } from '@causeway/service';
import { GroupsPlace } from '../testing/groups-place.ts';
import type { Group } from '../testing/index.ts';
import { arrivals } from './arrival.ts';
import { HeadWatch } from './head-watch.ts';

const LIMITS = { differenceMs: 60_000, silenceMs: 300_000 };
const INTERVAL_MS = 10_000;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A managed domain that follows a forest's groups, and the heads that its Connect signs. */
function watching() {
  const place = new GroupsPlace();
  const { ledger, clock, log, tenant, corp } = place;
  const receipts: Receipt[] = [];
  const readAgain: string[] = [];
  let shown: string | undefined;
  const stop = new AbortController();
  const watch = new HeadWatch({
    ...{ ledger, tenant, log, receiptKey: generateSigningKey(), limits: LIMITS, headIntervalMs: INTERVAL_MS },
    onHead: () => {
      for (const one of ['users', 'groups'] as const) watch.compare(one, clock.monotonic() + 1);
    },
    onLasting: of => void readAgain.push(of),
    send: async (path, { body }) => {
      if (path.endsWith('/receipts'))
        receipts.push(peekReceipt((JSON.parse(body!) as { receipt: string }).receipt)!);
      const heads = shown === undefined ? [] : [{ forest: corp.forest, head: shown }];
      const headers = new Headers({ [ACCEPTS_HEADER]: ACCEPTED_RECORDS.join() });
      return {
        status: 200,
        headers,
        text: async () => JSON.stringify(path.endsWith('/heads') ? { heads } : {}),
      };
    },
  });
  const running = watch.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
    ledger.close();
  });
  /** A head in which Connect says that the tenant has these records. */
  const head = (records: readonly string[]): string =>
    corp.head([], {
      ...{ time: timestamp(clock), reads: ACCEPTED_RECORDS },
      ...summarizeGroups(records.map(entryOf)),
    });
  return {
    ...{ place, corp, readAgain, head, receipts },
    /** @returns the receipt and the arrival after the tenant showed a head */
    async shows(signed: string) {
      await clock.sleeping(2);
      shown = signed;
      receipts.length = 0;
      await clock.pass(INTERVAL_MS);
      await clock.sleeping(2);
      const receipt = receipts.findLast(({ forest }) => forest === corp.forest);
      const arrival = arrivals(ledger, LIMITS, watch.startedAt).find(({ forest }) => forest === corp.forest)!;
      return { receipt: receipt!, arrival };
    },
  };
}

function entryOf(record: string): GroupEntry {
  const said = peekGroupRecord(record)!;
  const { sourceAnchor: anchor, sequence } = said;
  return { anchor, prefix: said.kind === 'members' ? said.prefix : null, sequence };
}

/** Two groups, one of them with two slices. */
function scene() {
  const watched = watching();
  const { corp, place } = watched;
  const [staff, admins] = [corp.group('Staff'), corp.group('Admins')];
  const alice = corp.person('alice');
  const before = corp.slice(staff, []);
  const [first, second] = ['0', '1'].map(prefix => corp.slice(staff, [alice.anchor], { prefix })) as [
    string,
    string,
  ];
  const records = {
    ...{ staff: corp.groupRecord(staff), first, second },
    ...{ admins: corp.groupRecord(admins), list: corp.slice(admins, []) },
  };
  const item = (record: string): GroupFeedItem => place.item({ anchor: entryOf(record).anchor }, record);
  return { ...watched, groups: { staff, admins }, alice, records, before, item };
}

test('says in the receipt that all groups and slices have come', async () => {
  const { place, head, shows, records, item } = scene();
  const all = Object.values(records);
  await place.show(...all.map(item));
  const { receipt, arrival } = await shows(head(all));
  assert.deepEqual([receipt.groups, receipt.slices, receipt.groupsDiffering], [2, 3, []]);
  assert.deepEqual([receipt.groupsNotWritten, receipt.completeAsOf], [[], receipt.headTime]);
  assert.equal(arrival.state, 'complete');
});

type Scene = ReturnType<typeof scene>;
/** What a tenant shows in place of what it withholds. */
const WITHHELD: {
  what: string;
  withheld: keyof Scene['records'];
  shown?: (scene: Scene) => GroupFeedItem;
}[] = [
  { what: 'a group', withheld: 'admins' },
  { what: 'a slice', withheld: 'first' },
  {
    what: 'a slice, with the older one shown beside newer records',
    withheld: 'first',
    shown: s => s.item(s.before),
  },
  { what: 'the only slice of a group', withheld: 'list' },
  {
    what: "a slice, with another group's list in its place",
    withheld: 'list',
    shown: s => s.place.item(s.groups.admins, s.records.second),
  },
  {
    what: 'a slice, with an altered one of the same sequence in its place',
    withheld: 'first',
    shown: s => s.item(s.records.first.replace(/.$/, one => (one === 'A' ? 'Q' : 'A'))),
  },
];

for (const { what, withheld, shown } of WITHHELD)
  test(`heads reveal what is withheld: ${what}`, async () => {
    const s = scene();
    const { place, head, shows, records, item } = s;
    const all = Object.values(records);
    const kept = all.filter(one => one !== records[withheld]).map(item);
    await place.show(...kept, ...(shown ? [shown(s)] : []));
    const { receipt, arrival } = await shows(head(all));
    const missing = entryOf(records[withheld]);
    assert.ok(receipt.groupsDiffering!.includes(groupBucketOf(missing)));
    assert.equal(receipt.groupsListed, receipt.groupsDiffering!.length);
    const told = receipt.groupEntries!.find(([a, p]) => a === missing.anchor && p === missing.prefix);
    assert.equal(told, undefined);
    assert.equal(arrival.state, 'differs');
    for (let n = 0; n < 7; n++) await shows(head(all));
    assert.deepEqual(s.readAgain[0], 'groups');
    assert.match(place.said.join(''), /ALARM: not everything/);

    await place.show(...all.map(item));
    assert.equal((await shows(head(all))).arrival.state, 'complete');
  });

test('heads reveal a withheld deletion, and a withheld change of a slice', async () => {
  const { place, corp, head, shows, records, item, groups, alice } = scene();
  const all = Object.values(records);
  await place.show(...all.map(item));
  const left = all.filter(one => entryOf(one).anchor !== groups.admins.anchor);
  assert.equal((await shows(head(left))).arrival.state, 'differs');
  assert.equal((await shows(head(all))).arrival.state, 'complete');
  const changed = corp.slice(groups.staff, [], { prefix: bitsOf(memberKey(alice.anchor))[0]! });
  const { prefix } = entryOf(changed);
  const after = all.map(one => (entryOf(one).prefix === prefix ? changed : one));
  const { receipt } = await shows(head(after));
  assert.deepEqual(receipt.groupsDiffering, [groupBucketOf(entryOf(changed))]);
  assert.ok(receipt.groupEntries!.some(row => row[1] === prefix && row[2] < entryOf(changed).sequence));
});

test('rejects an old head in place of a newer one, and reports a forest whose heads do not come', async () => {
  const { place, head, shows, records, item } = scene();
  const all = Object.values(records);
  await place.show(...all.slice(0, 3).map(item));
  const old = head(all.slice(0, 3));
  assert.equal((await shows(old)).arrival.state, 'complete');
  assert.equal((await shows(head(all))).arrival.state, 'differs');
  assert.equal((await shows(old)).arrival.state, 'differs');
  assert.match(place.said.join(''), /an old state was replayed/);
  for (let n = 0; n < LIMITS.silenceMs / INTERVAL_MS + 1; n++) await shows(old);
  assert.equal((await shows(old)).arrival.state, 'silent');
});

test('explains a difference by what came and was refused, and names it in the receipt', async () => {
  const { place, corp, head, shows, records, item, groups, alice } = scene();
  await place.show(...Object.values(records).map(item));
  const anew: Group = { ...groups.staff, objectGuid: corp.group('x').objectGuid };
  const moved = [corp.groupRecord(anew), corp.slice(anew, [alice.anchor], { prefix: '' })];
  const { admins, list } = records;
  await place.show(...moved.map(item));
  const { receipt, arrival } = await shows(head([...moved, admins, list]));
  assert.equal(arrival.state, 'not all written');
  assert.equal(arrival.notWritten, 2);
  assert.deepEqual(receipt.groupsNotWritten, [
    [anew.anchor, null, 'anchor-moved'],
    [anew.anchor, '', 'anchor-moved'],
  ]);
  assert.equal(receipt.completeAsOf, receipt.headTime);
  assert.ok(receipt.groupsDiffering!.length > 0, 'it is not here all the same');
});

test("explains a difference also by a user's anchor that a forest signs as a group's", async () => {
  const { place, corp, head, shows, alice } = scene();
  place.come(alice);
  const group: Group = { ...alice, sid: `${corp.domainSid}-9999` };
  const records = [corp.groupRecord(group), corp.slice(group, [])];
  await place.show(...records.map(one => place.item(group, one)));
  const { receipt } = await shows(head(records));
  assert.deepEqual(
    receipt.groupsNotWritten!.map(([, prefix, code]) => [prefix, code]),
    [
      [null, 'retyped'],
      ['', 'retyped'],
    ],
  );
  assert.equal(receipt.groupsDiffering!.length > 0, true);
  assert.deepEqual(place.ledger.groupHeads.comparison(corp.forest)!.differences, []);
});

test('names in a receipt as many refusals as fit, only those that a trusted key signed, whatever their anchors are', async () => {
  const { place, corp, head, shows } = scene();
  const anchorOf = (n: number) => `${'\u4e00'.repeat(250)}${n}`;
  const at = place.ledger.timestamp();
  place.ledger.transaction(() => {
    for (let n = 0; n < MAX_NOT_WRITTEN + 50; n++)
      place.ledger.problems.save({
        ...{ forest: corp.forest, anchor: anchorOf(n), kind: 'group', verified: n !== 0, outcome: 'refused' },
        ...{ code: 'anchor-moved', reason: 'x', acceptable: null, sequence: 1, at },
      });
  });
  const { receipt } = await shows(head([]));
  const { length } = receipt.groupsNotWritten!;
  assert.ok(length > 50 && length < MAX_NOT_WRITTEN, `${length}`);
  assert.ok(receipt.groupsNotWritten!.every(([anchor]) => anchor !== anchorOf(0)));
});
