import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EMPTY_PROFILE } from '@causeway/contract';
import { CLOUD_FOREST, generateSealingKey } from '@causeway/records';
import { createLog } from '@causeway/service';
import { approveHeld, listHeld } from '../ledger/held.ts';
import { Ledger } from '../ledger/ledger.ts';
import { trustOf } from '../pairing/trust.ts';
import { ForestPeer, type Person } from '../testing/index.ts';
import { creationsOf, growthAlarms, noteCreated, tellGrowth } from './creations.ts';
import { prepareItems } from './prepare.ts';
import { startPage } from './start-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-creations-'));
after(() => rmSync(folder, { recursive: true }));
const tenant = randomUUID();
const sealingKey = await generateSealingKey();

const cloud = new ForestPeer(tenant, CLOUD_FOREST);

function open(): Ledger {
  const ledger = new Ledger(join(folder, `${randomUUID()}.db`));
  after(() => ledger.close());
  ledger.agents.trust({ ...cloud.publicKey, forest: CLOUD_FOREST, trustedAt: new Date().toISOString() });
  return ledger;
}

/** Plans a page of users, in an empty directory. */
async function plan(ledger: Ledger, people: readonly Person[], growth: 'alarm' | 'hold') {
  const context = {
    ...{ ledger, tenant, sealingKey, growth, trust: trustOf(ledger), ldbModify: undefined as never },
    domain: { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' },
    directory: { users: 'CN=Users', holders: async () => [], findMade: async () => new Map() } as never,
    log: createLog('test', { write: () => {} }),
  };
  const items = people.map(person => ({
    ...{ cursor: '1', userId: person.anchor, profile: EMPTY_PROFILE },
    ...cloud.item(person, records.get(person)!, null),
  }));
  const tasks = await startPage(context, await prepareItems(context, items));
  const become = tasks.map(({ plan, decision: { account } }) =>
    'code' in account ? account.code : plan?.write.kind,
  );
  return { made: become.filter(what => what === 'add').length, become: new Set(become), tasks };
}

const records = new Map<Person, string>();
function people(count: number, prefix: string): Person[] {
  return Array.from({ length: count }, (_, n) => {
    const person = cloud.person(`${prefix}${n}`);
    records.set(person, cloud.account(person));
    return person;
  });
}

const noteMany = (ledger: Ledger, count: number) =>
  ledger.transaction(() => {
    for (let n = 0; n < count; n++) noteCreated(ledger, { forest: CLOUD_FOREST, anchor: String(n) });
  });

const CREATIONS = creationsOf(CLOUD_FOREST);

test('counts nobody and holds nobody until the feed has been read to its end once', async () => {
  const ledger = open();
  assert.equal((await plan(ledger, people(1_001, 'first'), 'hold')).made, 1_001);
  noteMany(ledger, 1_001);
  assert.equal(ledger.bulk.went(CREATIONS, new Date()), 0);
});

test('counts a forest’s new users only once a head of it was compared', () => {
  const ledger = open();
  const corp = new ForestPeer(tenant);
  ledger.state.set('caughtUpAt', new Date().toISOString());
  const note = () => ledger.transaction(() => noteCreated(ledger, { forest: corp.forest, anchor: 'anyone' }));
  note();
  const head = { sequence: 1, time: '', accounts: 0, credentials: 0, buckets: '', receivedAt: '' };
  ledger.heads.saveHead({ ...head, forest: corp.forest });
  note();
  assert.equal(ledger.bulk.went(creationsOf(corp.forest), new Date()), 0);
  ledger.heads.saveComparison(corp.forest, {
    ...{ sequence: 1, time: '', agreedAt: [], differences: [], explained: [] },
  });
  note();
  assert.equal(ledger.bulk.went(creationsOf(corp.forest), new Date()), 1);
});

test('too many new accounts raise one alarm and are created', async () => {
  const ledger = open();
  ledger.state.set('caughtUpAt', new Date().toISOString());
  const lines: string[] = [];
  const log = createLog('test', { write: line => lines.push(line) });
  noteMany(ledger, 1_000);
  tellGrowth({ ledger, log });
  assert.deepEqual([lines, growthAlarms(ledger)], [[], {}]);
  noteMany(ledger, 1);
  for (let i = 0; i < 2; i++) tellGrowth({ ledger, log });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /ALARM: 1001 new accounts within 24 hours; they are made all the same/);
  assert.deepEqual(growthAlarms(ledger), { [CLOUD_FOREST]: 1_001 });
  assert.equal((await plan(ledger, people(1, 'next'), 'alarm')).made, 1);
});

test('where an administrator chose so, new accounts wait over several pages until their list is approved', async () => {
  const ledger = open();
  ledger.state.set('caughtUpAt', new Date().toISOString());
  const [first, second] = [people(1_001, 'one'), people(2, 'two')];
  const stopped = await plan(ledger, first, 'hold');
  assert.deepEqual([...stopped.become], ['growth-threshold']);
  const { account } = stopped.tasks[0]!.decision;
  assert.ok(account.kind === 'waiting' && account.acceptable === null);
  assert.match(account.reason, /1001 wait, 1000 are allowed; .*causeway domain creations --forest/);
  assert.equal((await plan(ledger, second, 'hold')).made, 0);
  const [list] = listHeld(ledger, 'create');
  assert.equal(list!.count, 1_003);
  ledger.state.set('cursor', '17');
  approveHeld(ledger, list!.digest, 'create');
  assert.equal(ledger.state.get('cursor'), '', 'the feed is read again');
  const third = people(1, 'three');
  assert.equal(
    (await plan(ledger, [...first, ...third], 'hold')).made,
    1_002,
    'what is approved does not count',
  );
  assert.equal((await plan(ledger, second, 'alarm')).made, 2);
});
