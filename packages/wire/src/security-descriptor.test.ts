import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from './decode-error.ts';
import {
  decodeSecurityDescriptor,
  encodeSecurityDescriptor,
  grantExtendedRight,
  hasExtendedRight,
} from './security-descriptor.ts';
import { truncationsAndMutations } from './testing/index.ts';
import { fromHex, toHex } from './text.ts';

/**
 * Made by Samba 4.17's own NDR code (`security.descriptor.from_sddl` and `ndr_pack`) from
 * O:BAG:SYD:AI(D;;CR;;;…-1200)(OD;;CR;1131f6ad-…;;…-1201)(A;;RPLCRC;;;AU)(OA;;CR;1131f6aa-…;;…-1105)
 * (OA;CIIO;CR;1131f6ad-…;bf967aba-…;…-1105)(OA;CIID;RP;;bf967aba-…;RU)(A;CIID;GA;;;DA)S:AI(AU;SA;WP;;;WD)
 * in the domain S-1-5-21-1-2-3.
 */
const SAMBA = fromHex(
  '0100148c1400000024000000300000004c0000000102000000000005200000002002000001010000000000051200000004001c0001000000024014002000000001010000000000010000000004004801070000000100240000010000010500000000000515000000010000000200000003000000b0040000060038000001000001000000adf63111079cd111f79f00c04fc2dcd2010500000000000515000000010000000200000003000000b1040000000014001400020001010000000000050b000000050038000001000001000000aaf63111079cd111f79f00c04fc2dcd201050000000000051500000001000000020000000300000051040000050a48000001000003000000adf63111079cd111f79f00c04fc2dcd2ba7a96bfe60dd011a28500aa003049e20105000000000005150000000100000002000000030000005104000005122c001000000002000000ba7a96bfe60dd011a28500aa003049e20102000000000005200000002a020000001224000000001001050000000000051500000001000000020000000300000000020000',
);
/** DS-Replication-Get-Changes and DS-Replication-Get-Changes-All ([MS-ADTS] 5.1.3.2.1). */
const getChanges = '1131f6aa-9c07-11d1-f79f-00c04fc2dcd2';
const getChangesAll = '1131f6ad-9c07-11d1-f79f-00c04fc2dcd2';
const USER = 'S-1-5-21-1-2-3-1105';
const descriptor = decodeSecurityDescriptor(SAMBA);
const dacl = descriptor.dacl!;
const may = (right: string, ...sids: string[]) => hasExtendedRight(dacl, new Set(sids), right);

test('reads a descriptor of Samba as its SDDL says', () => {
  assert.equal(descriptor.owner, 'S-1-5-32-544');
  assert.equal(descriptor.group, 'S-1-5-18');
  assert.equal(descriptor.control, 0x0c00, 'SE_DACL_AUTO_INHERITED and SE_SACL_AUTO_INHERITED');
  assert.deepEqual(
    dacl.aces.map(ace => (ace.type === 'opaque' ? 'opaque' : [ace.type, ace.flags, ace.mask, ace.sid])),
    [
      [1, 0, 0x100, 'S-1-5-21-1-2-3-1200'],
      [6, 0, 0x100, 'S-1-5-21-1-2-3-1201'],
      [0, 0, 0x20014, 'S-1-5-11'],
      [5, 0, 0x100, USER],
      [5, 0x0a, 0x100, USER],
      [5, 0x12, 0x10, 'S-1-5-32-554'],
      [0, 0x12, 0x10000000, 'S-1-5-21-1-2-3-512'],
    ],
  );
  assert.deepEqual(dacl.aces[4], {
    type: 5,
    flags: 0x0a,
    mask: 0x100,
    objectType: getChangesAll,
    inheritedObjectType: 'bf967aba-0de6-11d0-a285-00aa003049e2',
    sid: USER,
  });
  assert.equal(descriptor.sacl?.aces[0]?.type, 'opaque', 'an audit entry is kept, not read');
});

test('writes a decoded descriptor with the same lists, owner and group', () => {
  const again = encodeSecurityDescriptor(descriptor);
  assert.deepEqual(decodeSecurityDescriptor(again), descriptor);
  const acl = toHex(SAMBA).slice(2 * 0x4c);
  assert.ok(toHex(again).includes(acl), "the access list has Samba's bytes");
});

test('the first entry that names a SID and covers the right decides', () => {
  assert.equal(may(getChanges, USER), true);
  assert.equal(may(getChangesAll, USER), false, 'an entry for children only grants nothing here');
  assert.equal(may(getChanges, 'S-1-5-21-1-2-3-512'), true, 'everything includes it');
  assert.equal(may(getChanges, USER, 'S-1-5-21-1-2-3-1200'), false, 'denied by another SID of the token');
  assert.equal(may(getChanges, USER, 'S-1-5-21-1-2-3-1201'), true, 'the denial is of the other right');
  assert.equal(may(getChanges, 'S-1-5-11'), false, 'reading is no extended right');
  assert.equal(hasExtendedRight(null, new Set(), getChanges), true, 'no list allows everything');
});

test('grants a right once, on this object only, before inherited entries', () => {
  const once = grantExtendedRight(dacl, USER, getChangesAll);
  assert.equal(once.aces.length, dacl.aces.length + 1);
  assert.deepEqual(once.aces[5], { type: 5, flags: 0, mask: 0x100, objectType: getChangesAll, sid: USER });
  assert.equal(hasExtendedRight(once, new Set([USER]), getChangesAll), true);
  assert.equal(grantExtendedRight(once, USER, getChangesAll), once);
  assert.equal(grantExtendedRight(dacl, USER, getChanges), dacl);
  const { dacl: written } = decodeSecurityDescriptor(encodeSecurityDescriptor({ ...descriptor, dacl: once }));
  assert.deepEqual(written, once);
});

test('decodes every truncation and mutation, or names the field', () => {
  truncationsAndMutations(SAMBA, { seed: 5 }, bytes => {
    encodeSecurityDescriptor(decodeSecurityDescriptor(bytes));
  });
  const lying = SAMBA.slice();
  lying[0x4c + 2] = 0xff;
  lying[0x4c + 3] = 0xff;
  assert.throws(
    () => decodeSecurityDescriptor(lying),
    (e: unknown) => e instanceof DecodeError && /AclSize/.test(e.field),
  );
});
