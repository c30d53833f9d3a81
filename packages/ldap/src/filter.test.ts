import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BerWriter } from 'ldapts';
import { TextFilter } from './filter.ts';
import { filterEscape, LdapError } from './index.ts';

function hexOf(text: string): string {
  const writer = new BerWriter();
  new TextFilter(text).write(writer);
  return writer.buffer.toString('hex');
}

/** The filters that OpenLDAP 2.5.13's `ldapsearch` sent to a listener on loopback. */
const VECTORS: [string, string][] = [
  ['(cn=a)', 'a3070402636e040161'],
  ['(objectClass=*)', '870b6f626a656374436c617373'],
  ['(cn=a*b*c)', 'a40f0402636e3009800161810162820163'],
  ['(&(cn=a)(!(cn=b)))', 'a014a3070402636e040161a209a3070402636e040162'],
  ['(|(cn>=a)(cn<=b)(cn~=c))', 'a11ba5070402636e040161a6070402636e040162a8070402636e040163'],
  ['(cn=\\e3\\51)', 'a3080402636e0402e351'],
  ['(cn:dn:=x)', 'a90a8202636e8301788401ff'],
  ['(cn=*é*)', 'a40a0402636e30048102c3a9'],
  [
    '(userAccountControl:1.2.840.113556.1.4.803:=2)',
    'a92f8116312e322e3834302e3131333535362e312e342e3830338212757365724163636f756e74436f6e74726f6c830132',
  ],
];

test('writes filters as BER, escapes byte for byte', () => {
  for (const [text, hex] of VECTORS) assert.equal(hexOf(text), hex, text);
});

test('an escaped value never becomes syntax', () => {
  const value = '*)(objectClass=*\\\0é';
  const bytes = Buffer.from(value);
  const length = bytes.length.toString(16).padStart(2, '0');
  assert.ok(hexOf(`(cn=${filterEscape(value)})`).endsWith(`04${length}${bytes.toString('hex')}`));
});

test('rejects text that is no filter, in words', () => {
  const deep = `${'(!'.repeat(40)}(a=b)${')'.repeat(40)}`;
  for (const text of [
    '',
    'cn=a',
    '(cn=a',
    '(cn=a))',
    '(=a)',
    '(cn)',
    '(cn=\\zz)',
    '(cn=a(b)',
    '(!(a=b)(c=d))',
    deep,
  ]) {
    assert.throws(
      () => new TextFilter(text),
      (e: unknown) => e instanceof LdapError && e.code === 'syntax',
      text.slice(0, 40),
    );
  }
});
