import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfileRules } from '../scope/rules.ts';
import { group, guidOf, person } from '../testing/fixtures.ts';
import { accountOf, decideAccount } from './decide-account.ts';
import { fixedRules, GROUP_SCOPE, type ScopeCondition, USER_SCOPE } from './fixed-rules.ts';
import { decideGroup, groupOf } from './groups/decide-group.ts';
import type { DirectoryObject } from './merge.ts';
import { PROFILE_FLOWS } from './profile/flows.ts';

const scope = { domain: 'corp.example.com', ownAccount: 'connector' };

/** The same object with one condition broken. */
function without(object: DirectoryObject, { attribute, operator, value }: ScopeCondition): DirectoryObject {
  if (attribute === 'dn') return { ...object, dn: `CN=x${value}y,DC=corp` };
  const attributes = { ...object.attributes };
  const bits = Number(attributes[attribute]);
  if (operator === 'ISNOTNULL') delete attributes[attribute];
  else if (operator === 'ISBITSET') attributes[attribute] = String(bits & ~Number(value));
  else if (operator === 'ISBITNOTSET') attributes[attribute] = String(bits | Number(value));
  else attributes[attribute] = operator === 'NOTSTARTSWITH' ? `${value}x` : value;
  return { ...object, attributes };
}

test('leaves out an object that fails a condition of the shown rules, and no other', () => {
  assert.equal(decideAccount(person(1), scope).inScope, true);
  for (const condition of USER_SCOPE)
    assert.equal(
      decideAccount(without(person(1), condition), scope).inScope,
      false,
      JSON.stringify(condition),
    );
  assert.equal(decideGroup(group(2), false).inScope, true);
  for (const condition of GROUP_SCOPE)
    assert.equal(decideGroup(without(group(2), condition), false).inScope, false, JSON.stringify(condition));
});

test('lists as exported exactly the fields of an account and a group', () => {
  const flows = (name: string, rules: ProfileRules | undefined) =>
    fixedRules(rules)
      .find(rule => rule.name === name)!
      .flows.map(({ destination }) => destination);
  const { profile, ...account } = accountOf(person(1), scope);
  assert.deepEqual(
    flows('Out to AAD - User Join', undefined).toSorted(),
    ['sourceAnchor', ...Object.keys(account), ...Object.keys(profile)].toSorted(),
  );
  const whole = { extensions: ['division'] };
  const every = Object.fromEntries(
    [...Object.values(PROFILE_FLOWS), 'division'].map(name => [name, guidOf(2)]),
  );
  const full = accountOf({ attributes: { ...person(1).attributes, ...every } }, scope, whole).profile;
  assert.deepEqual(
    flows('Out to AAD - User Join', whole).toSorted(),
    [
      ...['sourceAnchor', ...Object.keys(account), 'extensions.division'],
      ...Object.keys(full).filter(name => name !== 'extensions'),
    ].toSorted(),
  );
  const { scope: _, ...of } = groupOf(group(2).attributes);
  assert.deepEqual(
    flows('Out to AAD - Group Join', undefined).toSorted(),
    ['sourceAnchor', 'member', ...Object.keys(of)].toSorted(),
  );
  const inbound = (target: string) =>
    new Set(
      fixedRules(undefined)
        .filter(rule => rule.direction === 'Inbound' && rule.target === target)
        .flatMap(({ name }) => flows(name, whole)),
    );
  for (const each of flows('Out to AAD - User Join', whole)) assert.ok(inbound('person').has(each), each);
  for (const each of flows('Out to AAD - Group Join', undefined)) assert.ok(inbound('group').has(each), each);
});
