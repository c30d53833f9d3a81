import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { GroupRecord } from '@causeway/records';
import { confirmSid, unconfirmSid } from '../admin/sid-commands.ts';
import { Ledger } from '../ledger/ledger.ts';
import { saveGroup } from '../testing/group-rows.ts';
import { wantSid } from './want-sid.ts';

const [CORP, FABRIKAM] = ['corp.example.com', 'fabrikam.example.org'];
const DOMAIN = 'S-1-5-21-1-2-3';
const MANAGED = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-9-9-9' };
const STAFF = { forest: CORP, anchor: 'staff' };
let ledger: Ledger;

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
  saveGroup(ledger, STAFF);
});
after(() => ledger.close());

function say(objectSid: string, changes: Partial<GroupRecord> = {}): void {
  const record = { ...STAFF, objectSid, sequence: 1, securityEnabled: true, deleted: false, ...changes };
  wantSid(ledger, STAFF, record as unknown as GroupRecord, MANAGED);
}
const confirm = (forest: string) =>
  confirmSid({ ledger, domainSids: async () => [MANAGED.sid] }, { sid: DOMAIN, forest });
const due = () => ledger.sids.due('all', 10).flatMap(({ wanted }) => wanted ?? []);
const problems = () => ledger.problems.of(STAFF).map(({ code }) => code);

test('gives a security group the SID of its record, and a distribution group none', async () => {
  await confirm(CORP);
  say(`${DOMAIN}-2001`);
  assert.deepEqual([due(), problems()], [[`${DOMAIN}-2001`], []]);
  say(`${DOMAIN}-2001`, { securityEnabled: false });
  assert.deepEqual([due(), problems()], [[], []]);
  say(`${MANAGED.sid}-512`, { securityEnabled: false });
  assert.deepEqual([due(), problems()], [[], []]);
});

test('a group keeps its SID while its deletion is pending, and loses it with the deletion', async () => {
  await confirm(CORP);
  say(`${DOMAIN}-2001`);
  say(`${DOMAIN}-2001`, { deleted: true });
  assert.deepEqual(due(), [`${DOMAIN}-2001`]);
  saveGroup(ledger, STAFF, { managedGuid: null, deleted: true });
  say(`${DOMAIN}-2001`, { deleted: true });
  assert.deepEqual([due(), ledger.sids.counts().groups.waiting], [[], 0]);
});

test('reports a SID that nobody may have, and withholds only the SID', async () => {
  await confirm(CORP);
  for (const sid of ['S-1-5-32-544', `${DOMAIN}-512`, `${MANAGED.sid}-1103`]) {
    say(sid);
    assert.deepEqual([due(), problems()], [[], ['protected-sid']], sid);
  }
  say(`${DOMAIN}-2001`);
  assert.deepEqual(problems(), []);
});

test('the same record gets its SID once an administrator confirms the domain for its forest', async () => {
  await confirm(FABRIKAM);
  say(`${DOMAIN}-2001`);
  assert.deepEqual([due(), problems()], [[], ['other-forest-sid']]);
  unconfirmSid(ledger, { sid: DOMAIN });
  await confirm(CORP);
  say(`${DOMAIN}-2001`);
  assert.deepEqual([due(), problems()], [[`${DOMAIN}-2001`], []]);
});
