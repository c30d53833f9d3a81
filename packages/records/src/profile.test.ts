import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  CLOUD_FOREST,
  canonicalProfile,
  generateSigningKey,
  profileDigest,
  recordName,
  signAccountRecord,
  signingPublicKey,
  verifyRecord,
} from './index.ts';
import { ACCOUNT, partsOf, signedBy, TENANT, trusting } from './testing/fixtures.ts';

const signer = generateSigningKey();
const expected = { tenant: TENANT };

const PROFILE = {
  surname: 'Østergård',
  displayName: 'Žofie Østergård',
  givenName: null,
  mail: undefined,
  streetAddress: 'Hlavní 1\r\n"Dům u kašny"',
  proxyAddresses: ['SMTP:zofie@corp.example.com', 'smtp:z@corp.example.com'],
  extensionAttribute15: '\u{1f600}',
  manager: 'Y0JR4wZL0RGrBADAT8LNxg==',
  extensions: { division: ['West'], employeeNumber: ['7'] },
};

/** From docs/formats.md, without the package: names in order, no white space, no empty values. */
function secondImplementation(profile: Record<string, unknown>): string {
  const write = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const names = Object.keys(value).filter(name => (value as Record<string, unknown>)[name] != null);
    names.sort((a, b) => (a < b ? -1 : 1));
    return `{${names.map(name => `${JSON.stringify(name)}:${write((value as Record<string, unknown>)[name])}`).join(',')}}`;
  };
  const bytes = Buffer.from(`{"profile":${write(profile)},"version":1}`, 'utf8');
  return createHash('sha256').update(bytes).digest('base64url');
}

test('a profile has one canonical text and digest, in any order and with any empty values', () => {
  assert.equal(
    canonicalProfile({ mail: null, givenName: 'Al"ice', department: undefined, city: 'Århus' }),
    '{"profile":{"city":"Århus","givenName":"Al\\"ice"},"version":1}',
  );
  assert.equal(canonicalProfile({}), '{"profile":{},"version":1}');
  const turned = Object.fromEntries(Object.entries(PROFILE).toReversed());
  assert.equal(profileDigest(turned), profileDigest(PROFILE));
  assert.equal(profileDigest(PROFILE), secondImplementation(PROFILE));
  assert.equal(profileDigest({}), 'tKMs2mP2jmGjfL5Lq-W8OtqKZ6pg7pQJMyRMnIUITdw');
});

test('another value, attribute or order of values makes another profile', () => {
  const digests = [
    PROFILE,
    { ...PROFILE, displayName: 'Žofie' },
    { ...PROFILE, displayName: null },
    { ...PROFILE, proxyAddresses: PROFILE.proxyAddresses.toReversed() },
    { ...PROFILE, proxyAddresses: [PROFILE.proxyAddresses.join('')] },
    { ...PROFILE, surname: null, department: PROFILE.surname },
    { ...PROFILE, extensions: { ...PROFILE.extensions, division: ['West', 'East'] } },
  ].map(profileDigest);
  assert.equal(new Set(digests).size, digests.length);
});

test('signs an account record with a profile in version 4, with or without names, and accepts it as signed', () => {
  const { keyId } = signingPublicKey(signer);
  for (const names of [{}, { userPrincipalName: null }, { sAMAccountName: null }]) {
    const fields = { ...ACCOUNT, ...names, profileDigest: profileDigest(PROFILE) };
    const record = signAccountRecord(signer, fields);
    assert.equal(recordName(record), 'account-4');
    assert.deepEqual(verifyRecord(record, trusting(signer), expected), {
      ok: true,
      record: { kind: 'account', signerKeyId: keyId, ...fields },
    });
  }
});

test('requires a digest in version 4, and rejects it in other versions and for cloud-only users', () => {
  const record = signAccountRecord(signer, { ...ACCOUNT, profileDigest: profileDigest(PROFILE) });
  const { header, payload } = partsOf(record);
  const { profileDigest: digest, ...without } = payload;
  for (const lie of [
    { ...payload, version: 1 },
    { ...payload, version: 3 },
    without,
    { ...payload, profileDigest: null },
    { ...payload, profileDigest: digest.slice(1) },
    { ...payload, profileDigest: `${digest}A` },
    { ...payload, forest: CLOUD_FOREST },
    { ...payload, objectSid: null },
  ]) {
    const sorted = Object.fromEntries(Object.entries(lie).sort(([a], [b]) => (a < b ? -1 : 1)));
    const result = verifyRecord(
      signedBy(signer, header, sorted),
      trusting(signer, CLOUD_FOREST, ACCOUNT.forest),
      expected,
    );
    assert.equal(result.ok ? 'believed' : result.refusal, 'malformed', JSON.stringify(lie));
  }
});
