import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMAIN_SID, group, guidOf } from '../../testing/fixtures.ts';
import { digestOf } from '../attributes.ts';
import { decideGroup, groupOf } from './decide-group.ts';
import { nextReadAt, primaryGroupOf, referenceOf, ridOf } from './references.ts';

type Attributes = Record<string, string | string[]>;
const reasonOf = (attributes: Attributes, wasExported = false): string | undefined => {
  const decision = decideGroup(group(1, attributes), wasExported);
  return decision.inScope ? undefined : decision.reason;
};

test('synchronizes security groups of all scopes, and none that the original leaves out', () => {
  const table: [Attributes, RegExp | undefined][] = [
    [{}, undefined],
    [{ groupType: '-2147483644' }, undefined],
    [{ groupType: '-2147483640' }, undefined],
    [{ groupType: '-2147483643' }, /builtin/],
    [{ groupType: '-2147483632' }, /groupType/],
    [{ groupType: 'none' }, /groupType/],
    [{ isCriticalSystemObject: 'TRUE' }, /critical/],
    [{ adminDescription: 'Group_4b6c' }, /adminDescription/],
    [{ sAMAccountName: 'MSOL_AD_Sync_RichCoexistence' }, /RichCoexistence/],
    [{ objectSid: '' }, /objectSid/],
    [{ objectSid: 'S-1-5-32-544' }, /builtin/],
    [{ groupType: '2' }, /distribution group without mail/],
    [{ groupType: '8', mail: 'all@corp.example.com' }, undefined],
    [{ groupType: '8', proxyAddresses: ['SMTP:all@corp.example.com'] }, undefined],
    [{ groupType: '8', mail: 'all@corp.example.com', proxyAddresses: ['X500:/o=all'] }, /without mail/],
  ];
  for (const [attributes, reason] of table) {
    const found = reasonOf(attributes);
    if (reason === undefined) assert.equal(found, undefined, JSON.stringify(attributes));
    else assert.match(found ?? 'in scope', reason, JSON.stringify(attributes));
  }
  const [conflict, gone] = [
    { ...group(1), dn: 'CN=a\\0ACNF:b,DC=x' },
    { ...group(1), deleted: true },
  ];
  for (const object of [conflict, gone]) assert.equal(decideGroup(object, true).inScope, false);
});

test('keeps a distribution group that loses its mail', () => {
  assert.equal(reasonOf({ groupType: '2' }, true), undefined);
});

test("reports a group's scope and whether it gives rights, and names it by displayName or cn", () => {
  const said = groupOf(group(1, { groupType: '-2147483644', mail: 'a@b' }).attributes);
  assert.deepEqual(said, {
    ...{ sAMAccountName: 'group1', displayName: 'Group 1', mail: 'a@b' },
    ...{ objectSid: `${DOMAIN_SID}-1001`, securityEnabled: true, scope: 'domain-local' },
  });
  const shown = groupOf(group(1, { groupType: '8', displayName: 'Shown' }).attributes);
  assert.deepEqual([shown.displayName, shown.securityEnabled, shown.scope], ['Shown', false, 'universal']);
  assert.notEqual(digestOf(said, guidOf(1)), digestOf(shown, guidOf(1)));
});

test('identifies a member of the own domain by GUID and any other by SID alone', () => {
  const own = { guid: guidOf(1), sid: `${DOMAIN_SID}-1105`, dn: '' };
  const byGuid = referenceOf(own, DOMAIN_SID);
  assert.match(byGuid!, /^[A-Za-z0-9+/]{22}==$/);
  assert.equal(referenceOf({ ...own, sid: null }, DOMAIN_SID), byGuid, 'a contact has no SID');
  for (const sid of ['S-1-5-21-1-2-30-1105', 'S-1-5-21-9-9-9-1105', 'S-1-5-11'])
    assert.equal(referenceOf({ ...own, sid }, DOMAIN_SID), sid);
  assert.equal(referenceOf({ guid: null, sid: null, dn: 'CN=a' }, DOMAIN_SID), undefined);
  assert.deepEqual(
    [ridOf(own.sid, DOMAIN_SID), ridOf('S-1-5-21-9-9-9-1105', DOMAIN_SID), ridOf(undefined, DOMAIN_SID)],
    [1105, null, null],
  );
});

test('does not count Domain Users, Guests and Computers as a primary group', () => {
  const found = ['513', '514', '515', '1105', 'x'].map(primaryGroupID => primaryGroupOf({ primaryGroupID }));
  assert.deepEqual(found, [undefined, undefined, undefined, 1105, undefined]);
  assert.equal(primaryGroupOf({}), undefined);
});

test('gives each list its own time of day, once in 24 hours', () => {
  const HOUR = 3_600_000;
  const now = Date.parse('2026-11-29T13:00:00Z');
  const guids = ['00000000', '40000000', '80000000', 'c0000000', 'ffffffff'].map(
    start => `${start}${guidOf(1).slice(8)}`,
  );
  const times = guids.map(guid => nextReadAt(guid, now));
  for (const [i, at] of times.entries()) {
    assert.ok(at > now && at <= now + 24 * HOUR);
    assert.equal(nextReadAt(guids[i]!, at), at + 24 * HOUR);
  }
  assert.equal(new Set(times.map(at => Math.floor(at / HOUR))).size, 5);
});
