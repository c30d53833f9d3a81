import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { listSids } from '../admin/sid-commands.ts';
import { newEntry } from '../apply/plan.ts';
import { tokenLines } from '../commands/sid-commands.ts';
import { Ledger } from '../ledger/ledger.ts';
import { saveGroup, saveMembers } from '../testing/group-rows.ts';
import { findFullTokens, MANY_GROUPS, reachedFrom } from './full-tokens.ts';
import { TokenWatch } from './token-watch.ts';

const FOREST = 'corp.example.com';
const DOMAIN = 'S-1-5-21-1-2-3';
let ledger: Ledger;

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
});
after(() => ledger.close());

const guid = (anchor: string) => `guid of ${anchor}`;
function group(anchor: string, members: string[], { hasSid = true, security = true } = {}): void {
  const one = { forest: FOREST, anchor };
  saveGroup(ledger, one, { securityEnabled: security });
  saveMembers(ledger, one, members.map(guid));
  if (!hasSid) return;
  const sid = `${DOMAIN}-${1000 + anchor.length}`;
  ledger.sids.want(one, sid, DOMAIN);
  ledger.sids.wrote(one, sid);
}
function person(anchor: string): void {
  const entry = newEntry({ sourceAnchor: anchor, forest: FOREST, objectGuid: anchor });
  ledger.accounts.save({ ...entry, managedGuid: guid(anchor) });
}
const found = async (limit: number) =>
  (await findFullTokens(ledger, limit)).map(({ anchor, groups }) => [anchor, groups]);

test('counts groups that a user is in through other groups, each once, and stops at circles', async () => {
  for (const name of ['alice', 'bob', 'carol']) person(name);
  group('top', ['middle', 'low']);
  group('middle', ['low', 'top']);
  group('low', ['alice', 'bob']);
  group('own', ['alice', 'carol']);
  assert.deepEqual(await found(2), [
    ['alice', 4],
    ['bob', 3],
  ]);
  assert.deepEqual(await found(3), [['alice', 4]]);
  assert.deepEqual(await found(4), []);
});

test('does not count groups without an on-premises SID, nor groups reached through a distribution group', async () => {
  person('alice');
  group('a', ['cloud', 'list']);
  group('b', ['cloud']);
  group('cloud', ['alice'], { hasSid: false });
  group('list', ['alice'], { hasSid: false, security: false });
  group('c', ['list']);
  assert.deepEqual(await found(1), [['alice', 2]]);
  assert.deepEqual(await found(2), []);
});

test('each group reaches itself and all groups above it that have a SID', () => {
  const groups = ['a', 'b', 'c'].map(anchor => ({
    ...{ forest: FOREST, anchor, managedGuid: anchor, hasSid: anchor !== 'b' },
  }));
  const reached = reachedFrom(
    groups,
    new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
    ]),
  );
  assert.deepEqual(
    [...reached].map(([from, to]) => [from, [...to].sort().join('')]),
    [
      ['a', 'ac'],
      ['b', 'ac'],
      ['c', 'ac'],
    ],
  );
});

test('the status names users in more than 450 groups', async () => {
  person('alice');
  for (let n = 0; n <= MANY_GROUPS; n++) group(`g${n}`, ['alice']);
  const told: unknown[] = [];
  const log = { warn: (about: unknown) => told.push(about) } as never;
  await new TokenWatch({ ledger, log }).look();
  const shown = listSids(ledger, 'all');
  assert.deepEqual(
    shown.fullTokens?.people.map(one => [one.anchor, one.user, one.groups]),
    [['alice', 'alice', MANY_GROUPS + 1]],
  );
  assert.match(tokenLines(shown).join('\n'), /1 people were in more than 450 .*\n.*alice.* is in 451/);
  assert.deepEqual(told, [{ people: 1, groups: MANY_GROUPS }]);
});
