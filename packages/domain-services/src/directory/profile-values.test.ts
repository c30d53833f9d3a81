import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_PROFILE, EXTENSION_ATTRIBUTES, FIRST_ATTRIBUTES, Profile } from '@causeway/contract';
import { profileValues } from './profile-values.ts';

test('cuts a profile to what the directory accepts, and removes empty values', () => {
  const profile = {
    ...{ displayName: 'x'.repeat(300), givenName: '  ', surname: null, mail: 'a@b.c' },
    ...{ department: `${'d'.repeat(63)}😀`, jobTitle: null, telephoneNumber: null, mobile: null },
  };
  const values = profileValues(profile, false);
  assert.equal(values.displayName?.[0]?.length, 256);
  assert.deepEqual([values.givenName, values.sn, values.mail], [[], [], ['a@b.c']]);
  assert.deepEqual(values.department, ['d'.repeat(63)]);
  assert.equal(
    Object.keys(values).length,
    FIRST_ATTRIBUTES.length,
    'what the release before does not know stays',
  );
});

test('writes every attribute of a whole profile that the schema has, and none of Exchange’s', () => {
  const texts = Object.keys(Profile.shape).filter(
    name => !['proxyAddresses', 'extensions', 'manager'].includes(name),
  );
  const profile = Profile.parse({
    ...Object.fromEntries(texts.map(name => [name, `a ${name}`])),
    proxyAddresses: ['SMTP:a@corp.example.com', 'smtp:A@corp.example.com', 'smtp:b@corp.example.com'],
    manager: 'Y0JR4wZL0RGrBADAT8LNxg==',
  });
  const values = profileValues(profile, true);
  const written = new Set(Object.values(values).flat());
  const Exchange = new Set<string>(['mailNickname', ...EXTENSION_ATTRIBUTES]);
  for (const name of texts)
    assert.equal(written.has(name === 'countryCode' ? 'a c' : `a ${name}`), !Exchange.has(name), name);
  assert.deepEqual(values.proxyAddresses, ['smtp:A@corp.example.com', 'smtp:b@corp.example.com']);
  assert.equal(values.manager, undefined, 'another account, which may not be there yet');
});

test('removes values that the profile no longer has, also a manager', () => {
  const values = profileValues(EMPTY_PROFILE, true);
  assert.ok(Object.values(values).every(list => list.length === 0));
  for (const name of ['l', 'proxyAddresses', 'employeeNumber', 'manager']) assert.ok(name in values, name);
});

test('writes, of the attributes that an administrator chose, only those that merely describe', () => {
  const extensions = {
    division: ['West', 'East'],
    otherTelephone: ['1', '2'],
    servicePrincipalName: ['host/ds1'],
    altSecurityIdentities: ['X509:<I>…'],
    userAccountControl: ['512'],
    info: ['x'.repeat(2000)],
  };
  const values = profileValues({ ...EMPTY_PROFILE, extensions }, true);
  assert.deepEqual([values.division, values.otherTelephone], [['West'], ['1', '2']]);
  assert.equal(values.info?.[0]?.length, 1024);
  for (const name of ['servicePrincipalName', 'altSecurityIdentities', 'userAccountControl'])
    assert.equal(name in values, false, name);
});
