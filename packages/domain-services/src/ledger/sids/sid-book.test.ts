import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { StateDatabase } from '@causeway/service';
import { newEntry } from '../../apply/plan.ts';
import type { Person } from '../../person.ts';
import { Ledger } from '../ledger.ts';
import { LEDGER_STEPS } from '../migrations.ts';
import type { Sharing } from './sid-book.ts';

const FOREST = 'corp.example.com';
const OTHER = 'fabrikam.example.org';
const DOMAIN = 'S-1-5-21-1-2-3';
/** The number of steps of a ledger that still had one forest per domain. */
const STEPS_BEFORE = 18;
let ledger: Ledger;

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
  ledger.confirmSid(DOMAIN, FOREST);
});
after(() => ledger.close());

/** Adds a user with an account and an on-premises SID. */
function there(anchor: string, rid: number, forest = FOREST): Person & { sid: string } {
  const entry = newEntry({ sourceAnchor: anchor, forest, objectGuid: anchor });
  ledger.accounts.save({ ...entry, managedGuid: `guid of ${anchor}` });
  const sid = `${DOMAIN}-${rid}`;
  ledger.sids.want({ forest, anchor }, sid, DOMAIN);
  return { forest, anchor, sid };
}
const due = (sharing: Sharing = 'all') =>
  ledger.sids
    .due(sharing, 100)
    .map(({ anchor, wanted, written, history }) => [anchor, wanted, written, history]);
/** What the keeper does with a due user. */
const write = (person: Person, sid: string | null) => {
  ledger.sids.wrote(person, sid);
  ledger.sids.wroteHistory(person, sid);
};

test('lists differences as due, and nothing else', () => {
  const alice = there('alice', 1105);
  assert.deepEqual(due(), [['alice', alice.sid, null, null]]);
  ledger.sids.wrote(alice, alice.sid);
  assert.deepEqual(due(), [['alice', alice.sid, alice.sid, null]]);
  ledger.sids.wroteHistory(alice, alice.sid);
  assert.deepEqual(due(), []);
  ledger.sids.want(alice, alice.sid, DOMAIN);
  assert.deepEqual(due(), []);
  const moved = `${DOMAIN}-1200`;
  ledger.sids.want(alice, moved, DOMAIN);
  assert.deepEqual(due(), [['alice', moved, alice.sid, alice.sid]]);
  assert.deepEqual(ledger.sids.counts().people, { written: 1, waiting: 1 });
});

test('gives no SID of a domain that is not confirmed for the forest', () => {
  const alice = there('alice', 1105);
  there('mallory', 1106, OTHER);
  write(alice, alice.sid);
  assert.deepEqual(due(), []);
  ledger.confirmSid(DOMAIN, undefined);
  assert.deepEqual(due().slice(0, 1), [['alice', null, alice.sid, alice.sid]]);
  assert.deepEqual(
    ledger.sids.domains().map(({ forest, confirmedAt }) => [forest, confirmedAt]),
    [
      [FOREST, null],
      [OTHER, null],
    ],
  );
});

test('a domain that is confirmed for another forest no longer counts for this one', () => {
  const alice = there('alice', 1105);
  write(alice, alice.sid);
  ledger.confirmSid(DOMAIN, OTHER);
  assert.deepEqual(due(), [['alice', null, alice.sid, alice.sid]]);
  assert.equal(ledger.sids.forestOf(DOMAIN), OTHER);
  assert.equal(ledger.sids.isContested(DOMAIN), true);
});

test('keeps an old sIDHistory until an administrator has decided on its domain', () => {
  ledger.confirmSid(DOMAIN, undefined);
  const alice = there('alice', 1105);
  const declined = () => ledger.sids.domains().map(({ declinedAt }) => declinedAt !== null);
  assert.deepEqual([due(), declined()], [[], [true]]);
  ledger.confirmSid(DOMAIN, FOREST);
  assert.deepEqual([due(), declined()], [[['alice', alice.sid, null, null]], [false]]);
  ledger.confirmSid(DOMAIN, undefined);
  assert.deepEqual([due(), declined()], [[['alice', null, null, alice.sid]], [true]]);
});

test('removes an old sIDHistory when the SID changes, when another forest gets the domain, and by the setting', () => {
  ledger.confirmSid(DOMAIN, undefined);
  const alice = there('alice', 1105);
  const taken = [['alice', null, null, alice.sid]];
  ledger.sids.want(alice, `${DOMAIN}-1200`, DOMAIN);
  assert.deepEqual(due(), taken);
  ledger.sids.want(alice, alice.sid, DOMAIN);
  ledger.sids.wroteHistory(alice, null);
  assert.deepEqual(due(), []);
  ledger.confirmSid(DOMAIN, OTHER);
  assert.deepEqual(due(), taken);
  ledger.sids.wroteHistory(alice, null);
  ledger.sids.takeAll('none');
  assert.deepEqual(due('none'), taken);
});

test('of two users with one SID, the first keeps it until they give it up', () => {
  const alice = there('alice', 1105);
  write(alice, alice.sid);
  const bob = there('bob', 1105);
  assert.deepEqual(due(), []);
  // Made at the same time as the first one, so both have it in sIDHistory.
  ledger.sids.wroteHistory(bob, bob.sid);
  assert.deepEqual(due(), [['bob', null, null, bob.sid]]);
  ledger.sids.wroteHistory(bob, null);
  ledger.sids.want(alice, null, null);
  write(alice, null);
  assert.deepEqual(due(), [['bob', alice.sid, null, null]]);
});

test("removes the SID together with the account, and everyone's SID by the setting", () => {
  const alice = there('alice', 1105);
  write(alice, alice.sid);
  assert.deepEqual(due('none'), [['alice', null, alice.sid, alice.sid]]);
  const entry = ledger.accounts.of(alice)!;
  ledger.accounts.save({ ...entry, managedGuid: null, nonce: null });
  assert.deepEqual(due(), [['alice', null, alice.sid, null]]);
});

test('writes the SID again for an account that was deleted and restored before the keeper looked', () => {
  const alice = there('alice', 1105);
  write(alice, alice.sid);
  const entry = ledger.accounts.of(alice)!;
  ledger.accounts.save({ ...entry, managedGuid: null, nonce: null });
  ledger.accounts.save(entry);
  ledger.sids.want(alice, alice.sid, DOMAIN);
  assert.deepEqual(due(), [['alice', alice.sid, null, null]]);
});

test('removes the previous SID first when a user comes back with another one', () => {
  const alice = there('alice', 1105);
  write(alice, alice.sid);
  const entry = ledger.accounts.of(alice)!;
  ledger.accounts.save({ ...entry, managedGuid: null, nonce: null });
  ledger.accounts.save(entry);
  ledger.sids.want(alice, `${DOMAIN}-1200`, DOMAIN);
  assert.deepEqual(due(), [['alice', `${DOMAIN}-1200`, alice.sid, null]]);
});

test('a ledger of an earlier release keeps the forest of each domain, unconfirmed, drops its problems, and reads the feed again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-sids-'));
  const file = join(folder, 'ledger.db');
  const before = new StateDatabase(file);
  before.function('bucket_of', { deterministic: true }, _anchor => 0);
  before.function('name_key', { deterministic: true }, name => name);
  before.migrate('ledger', LEDGER_STEPS.slice(0, STEPS_BEFORE));
  before.exec(`INSERT INTO domain_sids VALUES ('${DOMAIN}', '${FOREST}', '2026-01-01T00:00:00.000Z', NULL);
    INSERT INTO shadows VALUES ('${FOREST}', 'alice', '${DOMAIN}-1105', '${DOMAIN}', NULL);
    INSERT INTO problems VALUES ('${OTHER}', 'mallory', 'sid', 1, 'waiting', 'other-forest-sid', 'a reason', 'sid:${DOMAIN}/${OTHER}', 1, '', '');
    INSERT INTO state VALUES ('cursor', '17')`);
  before.close();
  ledger.close();
  ledger = new Ledger(file);
  const [known, ...others] = ledger.sids.domains();
  assert.deepEqual(
    [known?.forest, known?.people, known?.confirmedAt, known?.declinedAt],
    [FOREST, 1, null, null],
  );
  assert.deepEqual(
    [others, ledger.sids.forestOf(DOMAIN), due(), ledger.problems.list(), ledger.state.get('cursor')],
    [[], undefined, [], [], ''],
  );
  rmSync(folder, { recursive: true });
});
