import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { BerReader } from 'ldapts';
import { DirSyncControl } from './controls.ts';
import { LdapError } from './ldap-error.ts';

/** SEQUENCE { MoreData 1, unused 0, Cookie "MSDS…" } ([MS-ADTS] 3.1.1.3.4.1.3) */
const VALUE = Buffer.from('301a02010102010004124d534453030000000102030405060708090a', 'hex');
test('reads or rejects every truncated or altered DirSync answer', () => {
  const whole = new DirSyncControl({});
  whole.parse(new BerReader(VALUE));
  assert.equal(whole.response?.cookie.length, 18);
  truncationsAndMutations(VALUE, { seed: 9 }, bytes => {
    try {
      new DirSyncControl({}).parse(new BerReader(Buffer.from(bytes)));
    } catch (error) {
      if (!(error instanceof LdapError && ['protocol', 'limit'].includes(error.code))) throw error;
      assert.match(error.message, /DirSync|cookie/);
    }
  });
});
