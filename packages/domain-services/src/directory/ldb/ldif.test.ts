import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { encodeSid } from '@causeway/ldap';
import type { Write } from '../write.ts';
import { renderLdif } from './ldif.ts';

test('writes an added account as in RFC 2849, with bytes and unsafe text in base64', () => {
  const add: Write = {
    kind: 'add',
    dn: 'CN=fränk,OU=AADDC Users,DC=example',
    values: {
      objectClass: ['user'],
      displayName: ['Ångström', 'Doe, Jane'],
      description: [' begins with a space'],
      unicodePwd: [Uint8Array.of(0, 1, 2)],
      sIDHistory: [encodeSid('S-1-5-21-1-22-333-1105')],
      mail: [],
    },
  };
  assert.deepEqual(renderLdif([add]).ldif.toString().split('\n'), [
    'dn: CN=fr\\c3\\a4nk,OU=AADDC Users,DC=example',
    'changetype: add',
    'objectClass: user',
    'displayName:: w4VuZ3N0csO2bQ==',
    'displayName: Doe, Jane',
    'description:: IGJlZ2lucyB3aXRoIGEgc3BhY2U=',
    'unicodePwd:: AAEC',
    'sIDHistory: S-1-5-21-1-22-333-1105',
    '',
    '',
  ]);
});

test('a change names its account by objectGUID and replaces each attribute as a whole', () => {
  const guid = '25ebb54c-c0a3-4c0d-95f5-93e7b8aa7f56';
  const modify: Write = { kind: 'modify', guid, values: { mail: ['a@b.c'], mobile: [] } };
  assert.deepEqual(renderLdif([modify]).ldif.toString().split('\n'), [
    `dn: <GUID=${guid}>`,
    'changetype: modify',
    'replace: mail',
    'mail: a@b.c',
    '-',
    'replace: mobile',
    '-',
    '',
    '',
  ]);
});

test('a change of the account control lifts no lockout, and a new account is not locked', () => {
  const values = { userAccountControl: ['512'] };
  const lineOf = (write: Write) => /^userAccountControl: .*$/m.exec(renderLdif([write]).ldif.toString())?.[0];
  assert.equal(lineOf({ kind: 'modify', guid: 'g', values }), 'userAccountControl: 528');
  assert.equal(lineOf({ kind: 'add', dn: 'CN=new', values }), 'userAccountControl: 512');
});

test('a value never begins a line of its own, whatever it holds', () => {
  const values = { displayName: ['x\nuserAccountControl: 512', ': y', '< file:///etc/passwd', 'z\r'] };
  const lines = renderLdif([{ kind: 'modify', guid: 'g', values }])
    .ldif.toString()
    .split('\n');
  assert.equal(lines.filter(line => line.startsWith('displayName:: ')).length, 4);
  assert.equal(lines.length, 10);
});

test('reports the first line of every change, and writes bytes of every length in base64', () => {
  const values = Array.from({ length: 70 }, (_, length) => randomBytes(length * 37));
  const writes = values.map(
    (value, i): Write => ({ kind: 'add', dn: `CN=${i}`, values: { jpegPhoto: [value] } }),
  );
  const { ldif, firstLines } = renderLdif(writes);
  const lines = ldif.toString().split('\n');
  firstLines.forEach((line, i) => {
    assert.equal(lines[line - 1], `dn: CN=${i}`);
    assert.equal(lines[line + 1], `jpegPhoto:: ${values[i]!.toString('base64')}`);
  });
});
