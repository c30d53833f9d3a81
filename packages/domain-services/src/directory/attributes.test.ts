import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ntHash, parseSupplementalCredentials } from '@causeway/credentials';
import type { AccountRecord } from '@causeway/records';
import { kerberosKeys } from '../testing/index.ts';
import { accountValues, controlValues, credentialValues, wipeValues } from './attributes.ts';

const NOW = new Date('2026-11-23T10:00:00.000Z');
const zeros = (length: number) => new Uint8Array(length);
const same = (a: unknown, b: Uint8Array) => a instanceof Uint8Array && Buffer.from(a).equals(b);

test('writes hash, keys and time as one set', () => {
  const secret = {
    ntHash: ntHash('Passw0rd'),
    kerberosKeys: kerberosKeys('CORP.EXAMPLE.COM', 'alice', 'Passw0rd'),
  };
  const values = credentialValues(secret, false, NOW, zeros);
  assert.ok(same(values.unicodePwd?.[0], ntHash('Passw0rd')));
  const blob = parseSupplementalCredentials(values.supplementalCredentials![0] as Uint8Array);
  assert.equal(blob.kerberosKeys?.salt, 'CORP.EXAMPLE.COMalice');
  // [MS-DTYP] 2.3.3: 100 ns since 1601.
  assert.deepEqual(values.pwdLastSet, ['134399016000000000']);
  wipeValues(values);
  assert.ok(same(values.unicodePwd?.[0], zeros(16)));
  assert.ok((values.supplementalCredentials![0] as Uint8Array).every(byte => byte === 0));
});

test('removes keys that Samba rejects, never leaves old ones behind, and writes the hash alone', () => {
  const keys = kerberosKeys('CORP.EXAMPLE.COM', 'alice', 'Passw0rd');
  const half = { ...keys, keys: keys.keys.slice(0, 1) };
  for (const kerberosKeys of [undefined, half, { ...keys, salt: '' }, { ...keys, iterations: 8192 }]) {
    const secret = { ntHash: zeros(16), ...(kerberosKeys && { kerberosKeys }) };
    assert.deepEqual(credentialValues(secret, false, NOW, zeros).supplementalCredentials, []);
  }
});

test('only a password that must be changed is written without a time', () => {
  assert.deepEqual(credentialValues({ ntHash: zeros(16) }, true, NOW, zeros).pwdLastSet, ['0']);
});

test('writes nothing to userAccountControl but enabled or disabled', () => {
  assert.deepEqual(controlValues(true), { userAccountControl: ['512'] });
  assert.deepEqual(controlValues(false), { userAccountControl: ['514'] });
});

test('writes the expiry of an account record', () => {
  const record = { accountExpires: '2027-01-01T00:00:00.000Z' } as AccountRecord;
  assert.deepEqual(accountValues(record).accountExpires, ['134432352000000000']);
  assert.deepEqual(accountValues({ ...record, accountExpires: null }).accountExpires, [
    '9223372036854775807',
  ]);
  // 0 would mean never.
  const longOver = { ...record, accountExpires: '1601-01-01T00:00:00.000Z' };
  assert.deepEqual(accountValues(longOver).accountExpires, ['1']);
});
