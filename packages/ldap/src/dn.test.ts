import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeRdn, filterEscape, LdapError, parentDn, parseDn, rdnText } from './index.ts';

const isSyntax = (error: unknown) => error instanceof LdapError && error.code === 'syntax';

test('reads the examples of RFC 4514 4', () => {
  assert.deepEqual(parseDn('UID=jsmith,DC=example,DC=net'), [
    [{ type: 'UID', value: 'jsmith' }],
    [{ type: 'DC', value: 'example' }],
    [{ type: 'DC', value: 'net' }],
  ]);
  assert.deepEqual(parseDn('OU=Sales+CN=J.  Smith,DC=example,DC=net')[0], [
    { type: 'OU', value: 'Sales' },
    { type: 'CN', value: 'J.  Smith' },
  ]);
  assert.equal(
    parseDn('CN=James \\"Jim\\" Smith\\, III,DC=example,DC=net')[0]![0]!.value,
    'James "Jim" Smith, III',
  );
  assert.equal(parseDn('CN=Before\\0dAfter,DC=example,DC=net')[0]![0]!.value, 'Before\rAfter');
  assert.equal(parseDn('CN=Lu\\C4\\8Di\\C4\\87')[0]![0]!.value, 'Lučić');
  assert.throws(() => parseDn('1.3.6.1.4.1.1466.0=#04024869'), isSyntax);
});

const NAMES = [
  'Doe, Jane',
  'Zoë Ångström 😀',
  ' leading',
  'trailing ',
  '  two  ',
  ' ',
  '#hash',
  'a#b',
  'nul\0byte',
  'back\\slash',
  'back\\ ',
  '\\',
  '\\ ',
  'a+b=c;d<e>f"g"',
  'new\nline\r',
  'carl\nDEL:d5e99093',
  '',
];

test('every name survives escaping and parsing', () => {
  for (const name of NAMES) {
    const dn = `CN=${escapeRdn(name)},OU=Big\\, Bold,DC=x`;
    assert.deepEqual(parseDn(dn), [
      [{ type: 'CN', value: name }],
      [{ type: 'OU', value: 'Big, Bold' }],
      [{ type: 'DC', value: 'x' }],
    ]);
    assert.equal(parentDn(dn), 'OU=Big\\, Bold,DC=x');
    assert.equal(rdnText(dn), `CN=${escapeRdn(name)}`);
  }
});

test('leaves spaces around commas and unescaped trailing spaces out of a value', () => {
  assert.deepEqual(parseDn('CN=a b  , DC = x'), [
    [{ type: 'CN', value: 'a b' }],
    [{ type: 'DC', value: 'x' }],
  ]);
  assert.equal(parentDn('CN=a , DC=x'), 'DC=x');
});

test('the last name has no parent, and the empty DN has no names', () => {
  assert.equal(parentDn('DC=x'), '');
  assert.deepEqual(parseDn(''), []);
});

test('rejects text that is no DN, in words', () => {
  for (const text of ['<GUID=aa>', 'x', 'CN=a,,DC=x', '=x', 'CN=a\\', 'CN=a,', `CN=${'a'.repeat(20_000)}`]) {
    assert.throws(() => parseDn(text), isSyntax, text.slice(0, 40));
  }
});

test('writes the escapes of RFC 4515 4', () => {
  assert.equal(
    filterEscape('Parens R Us (for all your parenthetical needs)'),
    'Parens R Us \\28for all your parenthetical needs\\29',
  );
  assert.equal(filterEscape('*'), '\\2a');
  assert.equal(filterEscape('C:\\MyFile'), 'C:\\5cMyFile');
  assert.equal(filterEscape('a\0b'), 'a\\00b');
  assert.equal(filterEscape(Uint8Array.of(0, 4, 0xff)), '\\00\\04\\ff');
});
