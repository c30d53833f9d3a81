import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { newEntry } from '../apply/plan.ts';
import type { Person } from '../person.ts';
import { Ledger } from './ledger.ts';

const FOREST = 'corp.example.com';
const DOMAIN = 'S-1-5-21-1-2-3';
let ledger: Ledger;

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
  ledger.shadows.confirm(DOMAIN, FOREST, ledger.timestamp());
});
after(() => ledger.close());

/** Somebody with an account and an on-premises SID. */
function there(anchor: string, rid: number, forest = FOREST): Person & { sid: string } {
  const entry = newEntry({ sourceAnchor: anchor, forest, objectGuid: anchor });
  ledger.accounts.save({ ...entry, managedGuid: `guid of ${anchor}` });
  const sid = `${DOMAIN}-${rid}`;
  ledger.shadows.want({ forest, anchor }, sid, DOMAIN);
  return { forest, anchor, sid };
}
const due = (enabled = true) =>
  ledger.shadows.due(enabled, 100).map(({ anchor, wanted, written }) => [anchor, wanted, written]);

test('what differs is due, and nothing else', () => {
  const alice = there('alice', 1105);
  assert.deepEqual(due(), [['alice', alice.sid, null]]);
  ledger.shadows.wrote(alice, alice.sid);
  assert.deepEqual(due(), []);
  ledger.shadows.want(alice, alice.sid, DOMAIN);
  assert.deepEqual(due(), []);
  const moved = `${DOMAIN}-1200`;
  ledger.shadows.want(alice, moved, DOMAIN);
  assert.deepEqual(due(), [['alice', moved, alice.sid]]);
  assert.deepEqual(ledger.shadows.counts(), { written: 1, waiting: 1 });
});

test('SIDs of a domain that nobody confirmed for that forest are nobody’s', () => {
  const alice = there('alice', 1105);
  const mallory = there('mallory', 1106, 'fabrikam.example.org');
  ledger.shadows.wrote(alice, alice.sid);
  assert.deepEqual(due(), []);
  ledger.shadows.unconfirm(DOMAIN);
  assert.deepEqual(due(), [['alice', null, alice.sid]]);
  assert.equal(ledger.shadows.domains()[0]!.confirmedAt, null);
  assert.ok(mallory);
});

test('another forest’s acceptance of the domain’s SID needs another confirmation', () => {
  const alice = there('alice', 1105);
  ledger.shadows.wrote(alice, alice.sid);
  ledger.sids.pin(DOMAIN, 'fabrikam.example.org', ledger.timestamp());
  assert.deepEqual(due(), [['alice', null, alice.sid]]);
});

test('of two people with one SID the first keeps it, until it is given up', () => {
  const alice = there('alice', 1105);
  ledger.shadows.wrote(alice, alice.sid);
  there('bob', 1105);
  assert.deepEqual(due(), []);
  ledger.shadows.want(alice, null, null);
  ledger.shadows.wrote(alice, null);
  assert.deepEqual(due(), [['bob', alice.sid, null]]);
});

test('with the account the SID is to go, and by the setting everybody’s', () => {
  const alice = there('alice', 1105);
  ledger.shadows.wrote(alice, alice.sid);
  assert.deepEqual(due(false), [['alice', null, alice.sid]]);
  const entry = ledger.accounts.of(alice)!;
  ledger.accounts.save({ ...entry, managedGuid: null, nonce: null });
  assert.deepEqual(due(), [['alice', null, alice.sid]]);
});
