import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { EMPTY_PROFILE } from '@causeway/contract';
import { generateSealingKey, sealingPublicKey } from '@causeway/records';
import { createLog } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { dateToFiletime } from '@causeway/wire';
import { repairUser } from '../../admin/repair-user.ts';
import type { Values } from '../../directory/attributes.ts';
import { Ledger } from '../../ledger/ledger.ts';
import { trustOf } from '../../pairing/trust.ts';
import { AccountsPeer } from '../../testing/accounts-peer.ts';
import { ForestPeer, type Person } from '../../testing/index.ts';
import { applyItems } from '../apply.ts';
import { applyBlocks } from '../blocks.ts';
import { reconcileNames } from '../names/reconcile-names.ts';
import { prepareItems } from '../prepare.ts';
import { HandWatch } from './hand-watch.ts';

const tenant = randomUUID();
const sealingKey = await generateSealingKey();
const recipient = sealingPublicKey(sealingKey);
const log = createLog('test', { write: () => {} });
const REALM = 'AADDS.EXAMPLE.NET';
const CORP = 'corp.example.com';
const corp = new ForestPeer(tenant, CORP);
const HOUR_MS = 3_600_000;

let folder: string | undefined;
let clock: HandClock;
let ledger: Ledger;
let directory: AccountsPeer;
let watch: HandWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-by-hand-'));
  clock = new HandClock();
  ledger = new Ledger(join(folder, 'ledger.db'), clock);
  ledger.agents.trust({ ...corp.publicKey, forest: CORP, trustedAt: ledger.timestamp() });
  directory = new AccountsPeer(REALM);
  watch = new HandWatch(context());
});

afterEach(() => {
  // All test files share one process, so a test of another file may begin before these hooks exist.
  if (folder === undefined) return;
  ledger.close();
  rmSync(folder, { recursive: true });
});

const context = () => ({
  ...{ ledger, directory: directory as never, log, tenant, sealingKey, trust: trustOf(ledger) },
  ...{ domain: { realm: REALM, sid: 'S-1-5-21-7-8-9' }, ldbModify: undefined as never },
});

type Records = readonly [account: string, credential: string];

async function feed(person: Person, [account, credential]: Records): Promise<void> {
  const item = { ...corp.item(person, account, credential), profile: EMPTY_PROFILE, userId: randomUUID() };
  await applyItems(context(), await prepareItems(context(), [item]));
}

async function written(name: string): Promise<{ person: Person; records: Records }> {
  const person = corp.person(name);
  const records = [
    corp.account(person),
    await corp.credential(person, 'Some.Passw0rd', 1, recipient),
  ] as const;
  await feed(person, records);
  return { person, records };
}

const entryOf = ({ anchor }: Person) => ledger.accounts.of({ forest: CORP, anchor })!;
const account = (person: Person): Values => directory.stored.get(entryOf(person).managedGuid!)!;
const byHand = (person: Person, values: Values) => Object.assign(account(person), values);
const control = (person: Person) => account(person).userAccountControl?.[0];
const told = () => ledger.byHand.list(10).map(({ anchor, what }) => `${anchor} ${what}`);
const audit = () => ledger.audit.list().map(({ action, detail }) => `${action} ${detail}`);

/** Compares an hour later. */
async function look(): Promise<boolean> {
  await clock.pass(HOUR_MS);
  return watch.look();
}

test('leaves an unchanged account alone and reports nothing', async () => {
  const { person } = await written('alice');
  const before = { ...account(person) };
  assert.equal(await watch.look(), false, 'at the start');
  assert.equal(await look(), false);
  assert.deepEqual([account(person), told(), audit()], [before, [], []]);
});

test('undoes at once what opens an account: enabled, weakening flags, moved, renamed', async () => {
  const { person } = await written('alice');
  await feed(person, [corp.account(person, { enabled: false }), (await written('x')).records[1]]);
  byHand(person, { userAccountControl: ['512'] });
  await look();
  assert.equal(control(person), '514');
  const { person: other } = await written('bob');
  byHand(other, { userAccountControl: [String(512 | 0x400000)], sAMAccountName: ['root'] });
  directory.moved.set(entryOf(other).managedGuid!, `CN=bob,OU=Elsewhere,${directory.users}`);
  await look();
  await reconcileNames(context());
  assert.deepEqual([control(other), account(other).sAMAccountName], ['512', ['bob']]);
  assert.equal(directory.moved.size, 0);
  assert.deepEqual(told(), []);
  assert.equal(audit().filter(line => line.startsWith('put-right')).length, 4);
});

test('a password set by hand shuts the account until the feed has written its own again', async () => {
  const { person, records } = await written('alice');
  byHand(person, { pwdLastSet: ['134000000000000000'], unicodePwd: [Buffer.alloc(16)] });
  assert.equal(await look(), true, 'the feed is to be read from its start');
  assert.equal(control(person), '514');
  await feed(person, records);
  assert.equal(control(person), '512');
  assert.notDeepEqual(account(person).unicodePwd, [Buffer.alloc(16)]);
  assert.equal(await look(), false);
});

test('reports what closes an account, and undoes it on command; a deleted account keeps its SID', async () => {
  const [{ person: off }, { person: gone, records }] = [await written('off'), await written('gone')];
  const guid = entryOf(gone).managedGuid!;
  byHand(off, { userAccountControl: ['514'] });
  await directory.delete(guid);
  assert.equal(await look(), false);
  assert.deepEqual(told().sort(), [`${gone.anchor} deleted`, `${off.anchor} disabled`].sort());
  assert.equal(control(off), '514');
  assert.throws(() => repairUser(ledger, { user: 'nobody' }), { code: 'no-such-user' });
  await written('fine');
  assert.throws(() => repairUser(ledger, { user: 'fine' }), { code: 'not-closed-by-hand' });

  assert.match(repairUser(ledger, { user: 'off' }).message, /disabled by hand/);
  assert.equal(await watch.look(), false, 'not only after an hour');
  assert.equal(control(off), '512');
  repairUser(ledger, { user: gone.anchor });
  assert.equal(await watch.look(), true);
  await feed(gone, records);
  assert.deepEqual([entryOf(gone).managedGuid, control(gone)], [guid, '512']);
  assert.deepEqual(account(gone).sAMAccountName, ['gone'], 'it is called as before');
  assert.deepEqual(told(), []);
});

const EXPIRES = '2027-01-01T00:00:00.000Z';
const [EXPIRY, DAY] = [dateToFiletime(new Date(EXPIRES)), 864_000_000_000n];
const expiry = (person: Person) => account(person).accountExpires?.[0];

test('undoes at once an expiry date that was set later or removed by hand', async () => {
  const { person, records } = await written('alice');
  for (const expires of [EXPIRES, null]) {
    await feed(person, [corp.account(person, { accountExpires: expires }), records[1]]);
    const before = expiry(person);
    for (const later of [EXPIRY + 1n, 2n ** 63n - 1n, 0n, -1n]) {
      byHand(person, { accountExpires: [String(later)] });
      await look();
      if (expires !== null) assert.equal(expiry(person), before, String(later));
    }
  }
  assert.equal(expiry(person), '-1', 'never is never, however it is written');
  assert.deepEqual([told(), audit().filter(line => line.startsWith('put-right')).length], [[], 4]);
});

test('reports an expiry date that was set earlier by hand, and undoes it on command', async () => {
  const { person } = await written('alice');
  const { person: off, records } = await written('off');
  await feed(off, [corp.account(off, { enabled: false }), records[1]]);
  const never = expiry(person);
  for (const one of [person, off]) byHand(one, { accountExpires: [String(EXPIRY - DAY)] });
  await look();
  assert.deepEqual([told(), expiry(person)], [[`${person.anchor} expired`], String(EXPIRY - DAY)]);
  assert.match(repairUser(ledger, { user: 'alice' }).message, /was expired by hand/);
  await watch.look();
  assert.deepEqual([told(), expiry(person), control(person)], [[], never, '512']);
});

test('learns an earlier release’s expiry date from the same record, and compares none until then', async () => {
  const { person, records } = await written('alice');
  ledger.accounts.save({ ...entryOf(person), accountExpires: null });
  byHand(person, { accountExpires: ['1'] });
  await look();
  assert.deepEqual(told(), []);
  await feed(person, records);
  assert.equal(expiry(person), '1', 'what was written is not written again');
  await look();
  assert.deepEqual(told(), [`${person.anchor} expired`]);
});

test('a disabled account loses other flags set by hand and stays disabled', async () => {
  const { person } = await written('alice');
  byHand(person, { userAccountControl: [String(514 | 0x400000)] });
  await look();
  assert.deepEqual([control(person), told()], ['514', [`${person.anchor} disabled`]]);
});

test('does not report a block, or an ended block that is not written yet, as a change by hand', async () => {
  const { person } = await written('alice');
  ledger.blocks.set({
    forest: CORP,
    anchor: person.anchor,
    since: ledger.timestamp(),
    reason: null,
    by: null,
  });
  await look();
  assert.equal(control(person), '512', 'the block itself does that');
  await applyBlocks(context());
  await look();
  ledger.blocks.lift({ forest: CORP, anchor: person.anchor }, ledger.timestamp());
  await look();
  assert.deepEqual([told(), audit()], [[], []]);
});

test('compares many accounts in slices, and starts the next round after an hour', async () => {
  for (let i = 0; i < 201; i++) await written(`p${i}`);
  await watch.look();
  assert.ok(watch.next() - clock.now() <= 100);
  await clock.pass(100);
  await watch.look();
  assert.equal(watch.next() - clock.now(), HOUR_MS);
});
