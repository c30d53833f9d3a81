import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person } from '../testing/fixtures.ts';
import { digestOf } from './attributes.ts';
import { decideAccount } from './decide-account.ts';

const context = { domain: 'corp.example.com', ownAccount: 'connector' };
const decide = (
  attributes: Record<string, string | string[]>,
  more: Partial<ReturnType<typeof person>> = {},
) => decideAccount({ ...person(1, attributes), ...more }, context);

function reasonOf(decision: ReturnType<typeof decide>): string {
  assert.ok(!decision.inScope);
  return decision.reason;
}

function accountOf(decision: ReturnType<typeof decide>) {
  assert.ok(decision.inScope);
  return decision.account;
}

test('a user is synchronized under its userPrincipalName', () => {
  const account = accountOf(decide({ sn: 'Doe', mail: 'jane@example.com' }));
  assert.equal(account.userPrincipalName, 'user1@corp.example.com');
  assert.equal(account.accountEnabled, true);
  assert.equal(account.accountExpires, null);
  assert.deepEqual(
    [account.profile.surname, account.profile.mail, account.profile.mobile],
    ['Doe', 'jane@example.com', null],
  );
});

test('a user without a userPrincipalName gets sAMAccountName and the domain', () => {
  const { userPrincipalName: _, ...attributes } = person(1).attributes;
  const account = accountOf(decideAccount({ ...person(1), attributes }, context));
  assert.equal(account.userPrincipalName, 'user1@corp.example.com');
});

test('a userPrincipalName without a name or a domain is as good as none', () => {
  for (const userPrincipalName of ['user1', '@corp.example.com', 'user1@', '@'])
    assert.equal(accountOf(decide({ userPrincipalName })).userPrincipalName, 'user1@corp.example.com');
});

test('an inetOrgPerson is synchronized as any user', () => {
  const { inScope } = decide({}, { objectClasses: ['top', 'user', 'inetOrgPerson'] });
  assert.ok(inScope);
});

test('names of 20 characters and more, and with a comma, go as they are', () => {
  const name = `${'x'.repeat(40)}@corp.example.com`;
  const account = accountOf(
    decide(
      { userPrincipalName: name, displayName: 'Doe, Jane' },
      { dn: 'CN=Doe\\, Jane,DC=corp,DC=example,DC=com' },
    ),
  );
  assert.deepEqual([account.userPrincipalName, account.profile.displayName], [name, 'Doe, Jane']);
});

test('bit 2 of userAccountControl disables', () => {
  assert.equal(accountOf(decide({ userAccountControl: '514' })).accountEnabled, false);
});

test('accountExpires is a time, and never where Active Directory means never', () => {
  const expires = (value: string) => accountOf(decide({ accountExpires: value })).accountExpires;
  assert.equal(expires('133485408000000000'), '2024-01-01T00:00:00.000Z');
  assert.equal(expires('0'), null);
  assert.equal(expires('9223372036854775807'), null);
  assert.equal(expires('9223372036854775000'), null);
  // 31 December of the year 30827: later than the text of a record can say.
  assert.equal(expires('9222000000000000000'), null);
});

test('accountExpires that is no time to come is over, however it is written', () => {
  const expires = (value: string) => accountOf(decide({ accountExpires: value })).accountExpires;
  for (const value of ['1', '9999', '-1', '-9223372036854775808', 'tomorrow', '', '9223372036854775808'])
    assert.equal(expires(value), '1601-01-01T00:00:00.000Z', value);
  assert.equal(expires('10000'), '1601-01-01T00:00:00.001Z');
});

test('what the original leaves out is left out, each with its reason', () => {
  const rows: [ReturnType<typeof decide>, RegExp][] = [
    [decide({ isCriticalSystemObject: 'TRUE' }), /critical/],
    [decide({ sAMAccountName: 'MSOL_1234' }), /MSOL_/],
    [decide({ sAMAccountName: 'aad_1234' }), /AAD_/],
    [decide({ sAMAccountName: 'SUPPORT_388945a0' }), /support/],
    [decide({ sAMAccountName: '' }), /sAMAccountName/],
    [decide({ objectSid: '' }), /objectSid/],
    [decide({ adminDescription: 'User_1234' }), /adminDescription/],
    [decide({ userAccountControl: '2080' }), /normal account/], // an interdomain trust account
    [decide({ sAMAccountName: 'Connector' }), /own account/],
    [decide({}, { objectClasses: ['top', 'user', 'computer'] }), /computer/],
    [decide({}, { objectClasses: ['top', 'contact'] }), /not a user/],
    [decide({}, { dn: 'CN=Jane\\0ACNF:0b2f,DC=corp,DC=example,DC=com' }), /conflict/],
    [decide({}, { deleted: true }), /deleted/],
  ];
  for (const [decision, expected] of rows) assert.match(reasonOf(decision), expected);
});

test('equal accounts have equal digests, and any change another one', () => {
  const digest = (attributes: Record<string, string>) =>
    digestOf(accountOf(decide(attributes)), person(1).guid);
  assert.equal(digest({ title: 'Clerk' }), digest({ title: 'Clerk' }));
  assert.notEqual(digest({ title: 'Clerk' }), digest({ title: 'Boss' }));
  assert.notEqual(digest({ userAccountControl: '514' }), digest({}));
});
