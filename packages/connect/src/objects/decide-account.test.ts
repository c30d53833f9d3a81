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

test('synchronizes a user under their userPrincipalName', () => {
  const account = accountOf(decide({ sn: 'Doe', mail: 'jane@example.com' }));
  assert.equal(account.userPrincipalName, 'user1@corp.example.com');
  assert.equal(account.accountEnabled, true);
  assert.equal(account.accountExpires, null);
  assert.deepEqual(
    [account.profile.surname, account.profile.mail, account.profile.mobile],
    ['Doe', 'jane@example.com', null],
  );
});

test('names a user without a userPrincipalName by sAMAccountName and domain', () => {
  const { userPrincipalName: _, ...attributes } = person(1).attributes;
  const account = accountOf(decideAccount({ ...person(1), attributes }, context));
  assert.equal(account.userPrincipalName, 'user1@corp.example.com');
});

test('ignores a userPrincipalName without a name or a domain', () => {
  for (const userPrincipalName of ['user1', '@corp.example.com', 'user1@', '@'])
    assert.equal(accountOf(decide({ userPrincipalName })).userPrincipalName, 'user1@corp.example.com');
});

test('synchronizes an inetOrgPerson like any user', () => {
  const { inScope } = decide({}, { objectClasses: ['top', 'user', 'inetOrgPerson'] });
  assert.ok(inScope);
});

test('passes on names with 20 or more characters and names with a comma unchanged', () => {
  const name = `${'x'.repeat(40)}@corp.example.com`;
  const account = accountOf(
    decide(
      { userPrincipalName: name, displayName: 'Doe, Jane' },
      { dn: 'CN=Doe\\, Jane,DC=corp,DC=example,DC=com' },
    ),
  );
  assert.deepEqual([account.userPrincipalName, account.profile.displayName], [name, 'Doe, Jane']);
});

test('disables an account by bit 2 of userAccountControl', () => {
  assert.equal(accountOf(decide({ userAccountControl: '514' })).accountEnabled, false);
});

test('reads accountExpires as a time, or as never where Active Directory means never', () => {
  const expires = (value: string) => accountOf(decide({ accountExpires: value })).accountExpires;
  assert.equal(expires('133485408000000000'), '2024-01-01T00:00:00.000Z');
  assert.equal(expires('0'), null);
  assert.equal(expires('9223372036854775807'), null);
  assert.equal(expires('9223372036854775000'), null);
  // 31 December of the year 30827, later than a record's text can express.
  assert.equal(expires('9222000000000000000'), null);
});

test('treats an accountExpires that is no future time as expired, however it is written', () => {
  const expires = (value: string) => accountOf(decide({ accountExpires: value })).accountExpires;
  for (const value of ['1', '9999', '-1', '-9223372036854775808', 'tomorrow', '', '9223372036854775808'])
    assert.equal(expires(value), '1601-01-01T00:00:00.000Z', value);
  assert.equal(expires('10000'), '1601-01-01T00:00:00.001Z');
});

test('leaves out what the original leaves out, each with its reason', () => {
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

test('gives equal accounts equal digests, and any change a different one', () => {
  const digest = (attributes: Record<string, string>) =>
    digestOf(accountOf(decide(attributes)), person(1).guid);
  assert.equal(digest({ title: 'Clerk' }), digest({ title: 'Clerk' }));
  assert.notEqual(digest({ title: 'Clerk' }), digest({ title: 'Boss' }));
  assert.notEqual(digest({ userAccountControl: '514' }), digest({}));
});
