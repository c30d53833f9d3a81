import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFilter, LdapError } from './index.ts';

const ANN = {
  cn: 'Ann  Ärmel',
  sAMAccountName: 'ann',
  userAccountControl: '514',
  proxyAddresses: ['SMTP:ann@corp.example.com', 'smtp:a@corp.example.com'],
  extensionAttribute15: 'NoSync',
  logonCount: '10',
};

/** Filters, and whether Ann matches. */
const CASES: [string, boolean][] = [
  ['(cn=ann  ÄRMEL)', true],
  ['(samaccountname=ANN)', true],
  ['(sAMAccountName=an)', false],
  ['(extensionAttribute15=NoSync)', true],
  ['(!(extensionAttribute15=nosync))', false],
  ['(!(department=Sales))', true],
  ['(department=*)', false],
  ['(cn=*)', true],
  ['(cn=a*l)', true],
  ['(cn=a*n*rm*l)', true],
  ['(cn=ann*n*)', false],
  ['(sAMAccountName=ann*nn)', false],
  ['(proxyAddresses=smtp:a@*)', true],
  ['(proxyAddresses=*@fabrikam*)', false],
  ['(userAccountControl:1.2.840.113556.1.4.803:=2)', true],
  ['(userAccountControl:1.2.840.113556.1.4.803:=3)', false],
  ['(userAccountControl:1.2.840.113556.1.4.804:=3)', true],
  ['(!(userAccountControl:1.2.840.113556.1.4.803:=2))', false],
  ['(cn:1.2.840.113556.1.4.803:=2)', false],
  ['(logonCount>=9)', true],
  ['(logonCount<=9)', false],
  ['(logonCount>=010)', true],
  ['(cn>=ann)', true],
  ['(cn<=ann)', false],
  ['(cn~=ann  ärmel)', true],
  ['(&(cn=*)(|(sAMAccountName=bob)(sAMAccountName=ann)))', true],
  ['(&(cn=*)(|(sAMAccountName=bob)(sAMAccountName=cid)))', false],
  ['(&)', true],
  ['(|)', false],
  ['(cn=\\2a*)', false],
];

test('evaluates filters as a directory does', () => {
  for (const [filter, expected] of CASES) assert.equal(compileFilter(filter).matches(ANN), expected, filter);
});

test('lists the attributes that a filter uses, each once', () => {
  const { attributes } = compileFilter('(&(cn=a)(!(CN=b))(mail=*)(logonCount:1.2.840.113556.1.4.803:=1))');
  assert.deepEqual(attributes, ['cn', 'mail', 'logonCount']);
});

test('rejects what it cannot evaluate, in words', () => {
  for (const filter of [
    'cn=a',
    '(cn:dn:=x)',
    '(cn:2.5.13.2:=x)',
    '(member:1.2.840.113556.1.4.1941:=CN=x)',
    '(userAccountControl:1.2.840.113556.1.4.803:=two)',
    '(cn;lang-de=x)',
    '(cn=\\ff)',
  ])
    assert.throws(
      () => compileFilter(filter),
      (error: unknown) => error instanceof LdapError && error.code === 'syntax',
      filter,
    );
});
