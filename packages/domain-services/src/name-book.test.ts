import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type NamedAccountRecord as AccountRecord, verifyRecord } from '@causeway/records';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { NameBook } from './name-book.ts';
import { planDeletion, planWrite } from './plan.ts';
import { ForestPeer, type Person } from './testing/index.ts';

const DOMAIN = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-9-9-9' };
const TENANT = randomUUID();
const corp = new ForestPeer(TENANT, 'corp.example.com');
const fabrikam = new ForestPeer(TENANT, 'fabrikam.example.org');

let folder: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-names-'));
  ledger = new Ledger(join(folder, 'ledger.db'));
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

function recordOf(forest: ForestPeer, person: Person, userPrincipalName?: string): AccountRecord {
  const signer = { publicKey: forest.publicKey.publicKey, forests: new Set([forest.forest]) };
  const changes = userPrincipalName === undefined ? {} : { userPrincipalName };
  const verified = verifyRecord(forest.account(person, changes), () => signer, { tenant: TENANT });
  assert.ok(verified.ok && verified.record.kind === 'account');
  return verified.record as AccountRecord;
}

/** Takes the names of a page's records, in a directory that has nobody else's accounts, and writes whoever got one. */
async function write(...records: AccountRecord[]): Promise<string[]> {
  const requests = records.map(record => ({ entry: ledger.entry(record.sourceAnchor), record }));
  const names = await NameBook.open(ledger, async () => [], DOMAIN, requests);
  return requests.map(request => {
    const taken = names.take(request);
    if ('code' in taken) return taken.code;
    const { record, entry } = request;
    const profile = { ...NOBODY };
    const parts = { account: { record, name: taken.name, profile } };
    const { next } = planWrite(entry, parts, CONTEXT);
    ledger.save({ ...next, managedGuid: next.managedGuid ?? randomUUID() });
    return taken.name;
  });
}

function remove(record: AccountRecord): void {
  const entry = ledger.entry(record.sourceAnchor)!;
  ledger.save(planDeletion({ ...entry, managedGuid: null, nonce: null }, record, new Date()));
}

const NOBODY = {
  ...{ displayName: null, givenName: null, surname: null, mail: null, department: null },
  ...{ jobTitle: null, telephoneNumber: null, mobile: null },
};
const CONTEXT = {
  users: 'OU=AADDC Users,DC=aadds,DC=example,DC=net',
  now: new Date(),
  random: (length: number) => new Uint8Array(length),
  newNonce: randomUUID,
};
const suffixed = /^alice[0-9a-f]{5}$/;

test('of two people with one name the first has it, the second one with digits, whatever is written again', async () => {
  const [first, second] = [corp.person('alice'), fabrikam.person('alice')];
  assert.deepEqual(await write(recordOf(corp, first)), ['alice']);
  const [name] = await write(recordOf(fabrikam, second));
  assert.match(name!, suffixed);
  assert.deepEqual(await write(recordOf(fabrikam, second), recordOf(corp, first)), [name, 'alice']);
});

test('the second one keeps the digits when the first one goes, and both get their names back', async () => {
  const [first, second] = [corp.person('alice'), fabrikam.person('alice')];
  const [, name] = await write(recordOf(corp, first), recordOf(fabrikam, second));
  remove(recordOf(corp, first));
  assert.deepEqual(await write(recordOf(fabrikam, second)), [name]);
  remove(recordOf(fabrikam, second));
  const both: LedgerEntry[] = [first, second].map(person => ledger.entry(person.anchor)!);
  assert.ok(both.every(({ deletedAt }) => deletedAt !== null));
  assert.deepEqual(await write(recordOf(fabrikam, second), recordOf(corp, first)), [name, 'alice']);
});

test('who comes back and finds the name taken gets another one', async () => {
  const [first, second] = [corp.person('alice'), fabrikam.person('alice')];
  await write(recordOf(corp, first));
  remove(recordOf(corp, first));
  assert.deepEqual(await write(recordOf(fabrikam, second)), ['alice']);
  assert.match((await write(recordOf(corp, first)))[0]!, suffixed);
});

test('a userPrincipalName stays with the forest that had it first, and is free once that lets go of it', async () => {
  const [first, second] = [corp.person('alice'), fabrikam.person('mallory')];
  const name = `alice@${corp.forest}`;
  await write(recordOf(corp, first));
  assert.deepEqual(await write(recordOf(fabrikam, second, name.toUpperCase())), ['name-taken']);
  const both = [recordOf(corp, first, `alice.new@${corp.forest}`), recordOf(fabrikam, second, name)];
  assert.deepEqual(await write(...both), ['alice', 'mallory']);
  assert.deepEqual(await write(recordOf(corp, first, name)), ['name-taken']);
});

test("who was deleted and comes back by other names gives nobody the old ones, which are another one's now", async () => {
  const [gone, heir, mallory] = [corp.person('alice'), fabrikam.person('alice'), corp.person('mallory')];
  const name = `alice@${corp.forest}`;
  await write(recordOf(corp, gone));
  remove(recordOf(corp, gone));
  assert.deepEqual(await write(recordOf(fabrikam, heir, name)), ['alice']);
  const back = recordOf(corp, { ...gone, name: 'alice.two' });
  const carl = recordOf(corp, corp.person('alice'), `carl@${corp.forest}`);
  const [own, wanted, sam] = await write(back, recordOf(corp, mallory, name), carl);
  assert.deepEqual([own, wanted], ['alice.two', 'name-taken']);
  assert.match(sam!, suffixed);
});
