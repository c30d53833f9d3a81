import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, decodeGuid, decodeSid, encodeGuid, encodeSid } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { escapeRdn, parseDn } from './dn.ts';
import { parseExtendedDn } from './extended-dn.ts';

/** As Samba 4.17 sent it. */
const SENT =
  '<GUID=254dcd5c-d7fd-47a9-85c8-e25b41e32710>;<SID=S-1-5-21-1117888684-2475999956-2174281430-1132>;CN=b\\, two,OU=Probe,DC=corp,DC=example,DC=com';
const GUID = '254dcd5c-d7fd-47a9-85c8-e25b41e32710';
const SID = 'S-1-5-21-1117888684-2475999956-2174281430-1132';
const DN = 'CN=b\\, two,OU=Probe,DC=corp,DC=example,DC=com';

test('reads GUID, SID and name, as text and as hexadecimal digits', () => {
  const expected = { guid: GUID, sid: SID, dn: DN };
  assert.deepEqual(parseExtendedDn(SENT), expected);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  for (const digits of [(text: string) => text, (text: string) => text.toUpperCase()]) {
    const guid = digits(hex(encodeGuid(GUID)));
    const sid = digits(hex(encodeSid(SID)));
    assert.deepEqual(parseExtendedDn(`<GUID=${guid}>;<SID=${sid}>;${DN}`), expected);
  }
  assert.deepEqual(parseExtendedDn(`<guid=${GUID.toUpperCase()}>;<sid=${SID}>;${DN}`), expected);
});

test('returns null for missing parts: a contact has no SID, a plain name has neither', () => {
  assert.deepEqual(parseExtendedDn(`<GUID=${GUID}>;${DN}`), { guid: GUID, sid: null, dn: DN });
  assert.deepEqual(parseExtendedDn(`<SID=${SID}>;${DN}`), { guid: null, sid: SID, dn: DN });
  assert.deepEqual(parseExtendedDn(DN), { guid: null, sid: null, dn: DN });
  assert.deepEqual(parseExtendedDn(`<GUID=${GUID}>`), { guid: GUID, sid: null, dn: '' });
  assert.deepEqual(parseExtendedDn(`<WKGUID=aa312825768811d1aded00c04fd8d5cd>;<GUID=${GUID}>;DC=x`), {
    ...{ guid: GUID, sid: null, dn: 'DC=x' },
  });
});

test('keeps brackets, commas and semicolons in a name', () => {
  for (const cn of [
    'a;b',
    '<GUID=x>',
    'a>;<SID=S-1-5-32-544>;',
    'Doe, "Jane" = +',
    ' x ',
    'a\nDEL:b',
    '😀\\',
  ])
    for (const dn of [`CN=${escapeRdn(cn)},DC=x`]) {
      const found = parseExtendedDn(`<GUID=${GUID}>;<SID=${SID}>;${dn}`);
      assert.deepEqual(found, { guid: GUID, sid: SID, dn });
      assert.equal(parseDn(found.dn)[0]![0]!.value, cn);
    }
});

test('rejects a value that is no name, without repeating it', () => {
  for (const [text, field] of [
    ['', 'ExtendedDn'],
    ['<GUID=>;CN=x', 'ExtendedDn.GUID'],
    [`<GUID=${GUID}0>;CN=x`, 'ExtendedDn.GUID'],
    [`<GUID=${GUID.replaceAll('-', '').slice(1)}>;CN=x`, 'ExtendedDn.GUID'],
    [`<GUID=${GUID}>;<GUID=${GUID}>;CN=x`, 'ExtendedDn.GUID'],
    ['<SID=S-1-5-21-99999999999-1>;CN=x', 'ExtendedDn.SID'],
    ['<SID=S-2-5-21>;CN=x', 'ExtendedDn.SID'],
    ['<SID=0101>;CN=x', 'SID.IdentifierAuthority'],
    [`<SID=${SID}`, 'ExtendedDn'],
    [`<GUID=${GUID}>CN=x`, 'ExtendedDn'],
    ['<>;CN=x', 'ExtendedDn'],
    [`CN=${'x'.repeat(20_000)}`, 'ExtendedDn'],
  ] as const) {
    assert.throws(
      () => parseExtendedDn(text),
      (error: unknown) => error instanceof DecodeError && error.field === field,
      text.slice(0, 60),
    );
  }
});

test('rejects every truncated or altered value, or returns well-formed identifiers', () => {
  truncationsAndMutations(Buffer.from(SENT), { seed: 20, mutations: 5_000 }, bytes => {
    const { guid, sid, dn } = parseExtendedDn(Buffer.from(bytes).toString('utf8'));
    if (guid !== null) assert.equal(decodeGuid(encodeGuid(guid)), guid);
    if (sid !== null) assert.equal(decodeSid(encodeSid(sid)).length > 0, true);
    assert.ok(Buffer.from(bytes).toString('utf8').endsWith(dn));
  });
});
