import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, beforeEach, test } from 'node:test';
import type { Send } from '@causeway/api';
import { type DomainReport, FOREST_REPORT, GROUP_REPORT, managedDomainRoutes } from '@causeway/contract';
import { createLog } from '@causeway/service';
import { newEntry } from '../apply/plan.ts';
import { believePage } from '../groups/believe-page.ts';
import { Later } from '../groups/later.ts';
import { writeGroups } from '../groups/write-groups.ts';
import { writeMembers } from '../groups/write-members.ts';
import { MAX_UNVERIFIED } from '../ledger/problem-book.ts';
import { GroupsPeer } from '../testing/groups-peer.ts';
import { ForestPeer, type Group, Ledger, type Person } from '../testing/index.ts';
import { sendReports } from './send-reports.ts';

const TENANT = randomUUID();
const domain = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' };
const log = createLog('test', { write: () => {} });
const never = new AbortController().signal;
const corp = new ForestPeer(TENANT);
let ledger: Ledger;
let peer: GroupsPeer;
let announced: string[];
/** Reports that the tenant has accepted. It answers with an error while it is down. */
let told: DomainReport[];
let isDown: boolean;

const send: Send = async (_path, { body }) => {
  if (isDown) return { status: 503, headers: new Headers(), text: async () => '' };
  told.push(...managedDomainRoutes.reportApplied.body!.parse(JSON.parse(body as string)).reports);
  return { status: 200, headers: new Headers(), text: async () => '{}' };
};

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
  ledger.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: ledger.timestamp() });
  peer = new GroupsPeer();
  announced = [FOREST_REPORT, GROUP_REPORT];
  [told, isDown] = [[], false];
});
after(() => ledger.close());

/** What the next reports to the tenant say, in a few words. */
async function tell(): Promise<string[]> {
  const before = told.length;
  await sendReports({ ledger, send, reads: name => announced.includes(name) }, never);
  return told
    .slice(before)
    .map(({ kind, outcome, reason }) => [kind, outcome, reason ?? ''].join(' ').trim());
}

function believe(group: Group, ...records: string[]): void {
  const items = records.map(record => corp.groupItem(group, record));
  ledger.transaction(() => believePage({ ledger, tenant: TENANT, domain, log }, items));
}

async function write(...groups: Group[]): Promise<void> {
  const context = { ledger, ...peer, domain, log, later: new Later(ledger.clock) };
  const { directory, groups: managed } = peer;
  const whole = { ...context, directory, groups: managed };
  await writeGroups(
    whole,
    groups.map(({ anchor }) => ledger.groups.of({ forest: corp.forest, anchor })!),
  );
  for (const operation of ['delete', 'add'] as const) await writeMembers(whole, operation, never);
}

function come({ anchor, name, objectGuid }: Person): void {
  const { forest } = corp;
  const entry = newEntry({ sourceAnchor: anchor, forest, objectGuid });
  ledger.accounts.save({ ...entry, managedGuid: peer.addOther(name), samAccountName: name });
}

test('reports a group and its members once they are written, and reports as waiting members who are not here yet', async () => {
  const staff = corp.group('Staff');
  const alice = corp.person('alice');
  believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor]));
  assert.deepEqual(await tell(), ['members waiting no-group: the group is not there yet']);
  await write(staff);
  const waits = 'members-wait: 1 of 1 members are not in it: not here yet, or not written yet';
  assert.deepEqual(await tell(), ['group applied', `members waiting ${waits}`]);
  assert.deepEqual(await tell(), [], 'and once');
  come(alice);
  await write(staff);
  assert.deepEqual(await tell(), ['group applied', 'members applied']);
  const { sequence } = ledger.slices.of({ forest: corp.forest, anchor: staff.anchor })[0]!;
  const last = told.at(-1)!;
  assert.deepEqual([last.forest, last.sourceAnchor, last.sequence], [corp.forest, staff.anchor, sequence]);
});

test('reports a user who has to leave a group and is still in it', async () => {
  const staff = corp.group('Staff');
  const alice = corp.person('alice');
  come(alice);
  believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor]));
  await write(staff);
  await tell();
  believe(staff, ...corp.slices(staff, []));
  const still = 'members-wait: 1 who are to be out of it are still in it';
  assert.deepEqual(await tell(), ['group applied', `members waiting ${still}`]);
  await write(staff);
  assert.deepEqual(await tell(), ['group applied', 'members applied']);
});

test('reports each rejected record with its code, a slice also beside others that are believed', async () => {
  const staff = corp.group('Staff');
  const [old, record] = [corp.groupRecord(staff), corp.groupRecord(staff)];
  const [slice] = corp.slices(staff, []);
  const [newer] = corp.slices(staff, []);
  believe(staff, record, newer!);
  await write(staff);
  await tell();
  believe(staff, old, slice!, 'nobody.signed.this');
  const [group, members] = await tell();
  assert.match(group!, /^group refused (older-sequence|malformed): ./);
  assert.match(members!, /^members refused older-sequence: /);
});

test('reports again to a tenant that shows a record again, because it may have lost the report', async () => {
  const staff = corp.group('Staff');
  const record = corp.groupRecord(staff);
  believe(staff, record);
  await write(staff);
  assert.deepEqual(await tell(), ['group applied']);
  believe(staff, record);
  assert.deepEqual(await tell(), ['group applied']);
});

test('reports only users to a tenant of the previous release, and groups once it accepts that', async () => {
  const staff = corp.group('Staff');
  believe(staff, corp.groupRecord(staff));
  await write(staff);
  const at = ledger.timestamp();
  const person = { forest: corp.forest, sourceAnchor: 'alice', kind: 'account', sequence: 1 } as const;
  ledger.outbox.add([{ ...person, outcome: 'applied', reason: null, at }]);
  announced = [FOREST_REPORT];
  assert.deepEqual(await tell(), ['account applied']);
  announced = [FOREST_REPORT, GROUP_REPORT];
  assert.deepEqual(await tell(), ['group applied']);
});

test('repeats a report that the tenant did not accept, with the state of that time', async () => {
  const staff = corp.group('Staff');
  believe(staff, corp.groupRecord(staff), ...corp.slices(staff, []));
  isDown = true;
  await assert.rejects(tell());
  await write(staff);
  isDown = false;
  assert.deepEqual(await tell(), ['group applied', 'members applied']);
});

test('shortens a reason from the directory to the length that the tenant accepts', async () => {
  const staff = corp.group('Staff');
  believe(staff, corp.groupRecord(staff));
  peer.groups.make = async () => ({ ok: false, gone: false, reason: `${'x'.repeat(600)}\n` });
  await write(staff);
  const [line] = await tell();
  assert.match(line!, /^group failed group-not-written: .*x$/);
  assert.equal(told[0]!.reason!.length, 500);
});

test('of groups that a tenant makes up, reports no more than are listed', async () => {
  const madeUp = Array.from({ length: MAX_UNVERIFIED + 100 }, (_, n) => corp.group(`made up ${n}`));
  const items = madeUp.map(one => corp.groupItem(one, 'nobody.signed.this'));
  ledger.transaction(() => believePage({ ledger, tenant: TENANT, domain, log }, items));
  assert.equal((await tell()).length, MAX_UNVERIFIED);
});
