import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { EMPTY_PROFILE } from '@causeway/contract';
import { CLOUD_FOREST, generateSealingKey, sealingPublicKey } from '@causeway/records';
import { createLog } from '@causeway/service';
import { deleteUnclaimed } from '../../admin/delete-unclaimed.ts';
import { controlValues, type Values } from '../../directory/attributes.ts';
import { Ledger } from '../../ledger/ledger.ts';
import { slotOfName } from '../../names/naming.ts';
import { trustOf } from '../../pairing/trust.ts';
import { AccountsPeer } from '../../testing/accounts-peer.ts';
import { ForestPeer, type Person } from '../../testing/index.ts';
import { applyItems } from '../apply.ts';
import { adoptBlocks, applyBlocks } from '../blocks.ts';
import { applyDeletions } from '../deletions.ts';
import { prepareItems } from '../prepare.ts';
import { adoptAccounts } from './adopt-accounts.ts';
import { disableUnclaimed } from './unclaimed.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-adopt-'));
const ledgers: Ledger[] = [];
after(() => {
  for (const one of ledgers) one.close();
  rmSync(folder, { recursive: true });
});
const tenant = randomUUID();
const sealingKey = await generateSealingKey();
const recipient = sealingPublicKey(sealingKey);
const log = createLog('test', { write: () => {} });
const REALM = 'AADDS.EXAMPLE.NET';
const domain = { realm: REALM, sid: 'S-1-5-21-7-8-9' };
const CORP = 'corp.example.com';
const corp = new ForestPeer(tenant, CORP);
const other = new ForestPeer(tenant, 'corp.example.net');

let directory: AccountsPeer;
let ledger: Ledger;

function openLedger(): Ledger {
  const opened = new Ledger(join(folder, `${randomUUID()}.db`));
  ledgers.push(opened);
  for (const { publicKey, forest } of [corp, other])
    opened.agents.trust({ ...publicKey, forest, trustedAt: new Date().toISOString() });
  return opened;
}

beforeEach(() => {
  directory = new AccountsPeer(REALM);
  ledger = openLedger();
});

const context = () => ({ ledger, directory: directory as never, domain, log });

/** Loses the ledger. A new one starts on the same directory. */
async function loseLedger(): Promise<void> {
  ledger = openLedger();
  await adoptAccounts(context());
  await adoptBlocks(context());
  await applyBlocks(context());
}

async function feed(person: Person, account: string | null, credential: string | null, by = corp) {
  const all = { ...context(), tenant, sealingKey, trust: trustOf(ledger), ldbModify: undefined as never };
  const item = { ...by.item(person, account, credential), profile: EMPTY_PROFILE, userId: randomUUID() };
  return applyItems(all, await prepareItems(all, [item]));
}

const credentialOf = (person: Person, version = 1, by = corp) =>
  by.credential(person, 'Some.Passw0rd', version, recipient);

async function written(name: string, by = corp): Promise<Person> {
  const person = by.person(name);
  await feed(person, by.account(person), await credentialOf(person, 1, by), by);
  return person;
}

/** Reaches the end of the feed, after a head of the forest was compared. */
async function endOfFeed(): Promise<void> {
  const head = { forest: CORP, sequence: 1, time: ledger.timestamp(), receivedAt: ledger.timestamp() };
  ledger.heads.saveHead({ ...head, accounts: 0, credentials: 0, buckets: '' });
  ledger.heads.saveComparison(CORP, {
    ...{ sequence: 1, time: head.time, agreedAt: [], differences: [], explained: [] },
  });
  await disableUnclaimed(context());
}

const entryOf = ({ anchor }: Person, forest = CORP) => ledger.accounts.of({ forest, anchor });
const isEnabled = (person: Person) => directory.isEnabled(entryOf(person)!.managedGuid!);
const problemsOf = (person: Person) =>
  ledger.problems.of({ forest: CORP, anchor: person.anchor }).map(({ code }) => code);

test('a new ledger finds its users in the directory, and the feed changes their accounts without creating second ones', async () => {
  const alice = await written('alice');
  const [guid, nonce] = [entryOf(alice)!.managedGuid, entryOf(alice)!.nonce];
  await loseLedger();
  assert.deepEqual(
    [entryOf(alice)?.managedGuid, entryOf(alice)?.nonce, entryOf(alice)?.objectGuid],
    [guid, nonce, alice.objectGuid],
  );
  assert.equal(ledger.names.owner(slotOfName('alice'))?.forest, CORP);
  await feed(alice, corp.account(alice), await credentialOf(alice, 2));
  assert.equal(directory.stored.size, 1);
  assert.deepEqual(
    [entryOf(alice)?.samAccountName, isEnabled(alice), problemsOf(alice)],
    ['alice', true, []],
  );
});

test('an older ledger takes over the accounts of a directory in which they were created again', async () => {
  const alice = await written('alice');
  const { stored } = directory;
  const [[, values]] = [...stored] as [[string, Values]];
  stored.clear();
  stored.set(randomUUID(), values);
  ledger.state.drop('adoptedAt');
  await adoptAccounts(context());
  assert.deepEqual([entryOf(alice)!.managedGuid], [...stored.keys()]);
  await feed(alice, corp.account(alice), await credentialOf(alice, 2));
  assert.deepEqual([stored.size, isEnabled(alice), problemsOf(alice)], [1, true, []]);
});

test('writes the same record again to an account that the ledger took over', async () => {
  const alice = corp.person('alice');
  const [account, credential] = [corp.account(alice, { enabled: false }), await credentialOf(alice)];
  await feed(alice, account, credential);
  const { stored } = directory;
  const [[, values]] = [...stored] as [[string, Values]];
  stored.clear();
  const guid = randomUUID();
  stored.set(guid, { ...values, ...controlValues(true), accountExpires: ['1'] });
  ledger.state.drop('adoptedAt');
  await adoptAccounts(context());
  await feed(alice, account, credential);
  assert.deepEqual([stored.get(guid)!.accountExpires, isEnabled(alice)], [values.accountExpires, false]);
});

test('disables and reports an account of which no record came, and deletes it once its forest says so', async () => {
  const [stays, left] = [await written('stays'), await written('left')];
  await loseLedger();
  await feed(stays, corp.account(stays), await credentialOf(stays, 2));
  await disableUnclaimed(context());
  assert.equal(isEnabled(left), true, 'nothing is certain before a head was compared');
  await endOfFeed();
  assert.deepEqual([isEnabled(stays), isEnabled(left)], [true, false]);
  assert.deepEqual(problemsOf(left), ['unclaimed']);
  assert.equal(ledger.accounts.counts().unclaimed, 1);
  const entries = [...Array(256).keys()].flatMap(bucket => ledger.heads.entries(CORP, bucket));
  assert.equal(entries.find(({ anchor }) => anchor === left.anchor)?.accountSequence, 0);
  await feed(left, corp.account(left, { deleted: true, enabled: false }), null);
  await applyDeletions({ ...context(), threshold: 500 });
  assert.equal(entryOf(left)?.managedGuid, null);
  assert.equal(directory.stored.size, 1);
  assert.deepEqual(problemsOf(left), []);
});

test('enables an unclaimed account again once its record comes', async () => {
  const late = await written('late');
  await loseLedger();
  await endOfFeed();
  assert.equal(isEnabled(late), false);
  await feed(late, corp.account(late), await credentialOf(late, 2));
  assert.deepEqual([isEnabled(late), problemsOf(late)], [true, []]);
});

test('does not disable an account whose record was refused', async () => {
  const moved = await written('moved');
  await loseLedger();
  await feed(moved, corp.account({ ...moved, objectGuid: randomUUID() }), null);
  await endOfFeed();
  assert.deepEqual([isEnabled(moved), problemsOf(moved)], [true, ['anchor-moved']]);
});

test('an administrator deletes the accounts of a forest that no longer exists', async () => {
  const left = await written('left');
  await loseLedger();
  assert.throws(() => deleteUnclaimed(ledger, CORP), { code: 'none-unclaimed' });
  await endOfFeed();
  assert.match(deleteUnclaimed(ledger, CORP).message, /^1 accounts/);
  await applyDeletions({ ...context(), threshold: 500 });
  assert.equal(directory.stored.size, 0);
  await feed(left, corp.account(left), await credentialOf(left, 2));
  assert.equal(isEnabled(left), true, 'a record brings them back');
});

test('a blocked user stays blocked, and a name that two forests want stays with its holder', async () => {
  const [blocked, first] = [await written('blocked'), await written('anna')];
  const second = await written('anna', other);
  const digits = entryOf(second, other.forest)!.samAccountName;
  ledger.blocks.set({ ...entryOf(blocked)!, since: ledger.timestamp(), reason: 'x', by: null });
  await applyBlocks(context());
  await loseLedger();
  await feed(second, other.account(second), await credentialOf(second, 2, other), other);
  await feed(first, corp.account(first), await credentialOf(first, 2));
  await feed(blocked, corp.account(blocked), await credentialOf(blocked, 2));
  await applyBlocks(context());
  assert.equal(isEnabled(blocked), false);
  assert.deepEqual(
    [entryOf(first)?.samAccountName, entryOf(second, other.forest)?.samAccountName],
    ['anna', digits],
  );
});

test('takes over no account without our mark, or without the nonce that it was created with', async () => {
  const person = { anchor: 'A', forest: CLOUD_FOREST, objectGuid: randomUUID() };
  directory.addStranger('somebody', undefined);
  directory.addStranger('copy', person);
  await loseLedger();
  assert.equal(ledger.accounts.counts().accounts, 0);
});

test('forgets an account that only the ledger has, and deletes a deleted one again that is back in the directory', async () => {
  const [gone, back] = [await written('gone'), await written('back')];
  const guid = entryOf(back)!.managedGuid!;
  const kept = directory.stored.get(guid)!;
  await feed(back, corp.account(back, { deleted: true, enabled: false }), null);
  await applyDeletions({ ...context(), threshold: 500 });
  directory.stored.delete(entryOf(gone)!.managedGuid!);
  directory.stored.set(guid, kept);
  ledger.state.set('adoptedAt', '');
  await adoptAccounts(context());
  assert.equal(entryOf(gone)?.managedGuid, null);
  assert.deepEqual([entryOf(back)?.managedGuid, entryOf(back)?.deletedAt], [guid, null]);
  await applyDeletions({ ...context(), threshold: 500 });
  assert.equal(directory.stored.size, 0);
});

test('writes the same records again to a restored directory, and none that is older', async () => {
  const alice = await written('alice');
  const older = corp.account(alice, { enabled: false });
  await written('bob'); // so that it is older by more than one
  const [account, credential] = [corp.account(alice), await credentialOf(alice, 2)];
  await feed(alice, account, credential);
  const kept = entryOf(alice)!;
  directory.stored.set(kept.managedGuid!, { ...directory.stored.get(kept.managedGuid!), unicodePwd: [] });
  ledger.accounts.nothingIsWritten();
  const { credentials } = ledger.heads.summary(CORP);
  assert.equal(credentials, 0, 'a head tells of whom the feed does not bring');
  await feed(alice, older, null);
  assert.deepEqual([isEnabled(alice), problemsOf(alice)], [true, ['older-sequence']]);
  await feed(alice, account, credential);
  assert.deepEqual(
    [isEnabled(alice), problemsOf(alice), entryOf(alice)?.accountSequence, entryOf(alice)?.hasCredential],
    [true, [], kept.accountSequence, true],
  );
  assert.equal(directory.stored.get(kept.managedGuid!)?.unicodePwd?.length, 1);
});
