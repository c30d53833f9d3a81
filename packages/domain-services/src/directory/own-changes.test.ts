import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AceType, type Acl, decodeSecurityDescriptor, hasExtendedRight } from '@causeway/wire';
import { denyOwnChange, newAccountDescriptor } from './own-changes.ts';
import { parseDefaultDacl } from './sddl.ts';

const DOMAIN = 'S-1-5-21-1-2-3';
const CHANGE = 'ab721a53-1e2f-11d0-9819-00aa0040529b';
/** As in the schema of Windows: one entry of each different kind. */
const SDDL = `D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPLCLORC;;;PS)(OA;;CR;${CHANGE};;PS)(OA;;RPWP;77B5B886-944A-11d1-AEBD-0000F80367C1;;PS)(OA;;RP;037088f8-0ae1-11d2-b422-00a0c968f939;;RS)(OA;;CR;${CHANGE};;WD)(OA;;RP;46a9b11d-60ae-405a-b7e8-ff8a58d456d2;;S-1-5-32-560)`;

test('reads the schema’s list in the terms of this domain', () => {
  const { aces } = parseDefaultDacl(SDDL, DOMAIN);
  assert.deepEqual(aces[0], { type: AceType.allow, flags: 0, mask: 0xf01ff, sid: `${DOMAIN}-512` });
  assert.deepEqual(aces[3], {
    ...{ type: AceType.allowObject, flags: 0, mask: 0x30, sid: 'S-1-5-10' },
    objectType: '77b5b886-944a-11d1-aebd-0000f80367c1',
  });
  assert.deepEqual(
    aces.slice(4).map(ace => (ace as { sid: string }).sid),
    [`${DOMAIN}-553`, 'S-1-1-0', 'S-1-5-32-560'],
  );
});

test('rejects a list with any entry that it does not understand', () => {
  for (const wrong of [
    '(A;CI;RP;;;WD)',
    '(X;;RP;;;WD)',
    '(A;;ZZ;;;WD)',
    '(A;;RP;;;ZZ)',
    '(A;;RP;;x;WD)',
    '(A;;RP)',
  ])
    assert.throws(() => parseDefaultDacl(`D:${wrong}`, DOMAIN), /is not understood/, wrong);
  assert.throws(() => parseDefaultDacl('', DOMAIN), /an access list/);
});

test('only a reset may change the password of a new account; everything else is as in the schema', () => {
  const { dacl, owner } = decodeSecurityDescriptor(newAccountDescriptor(SDDL, DOMAIN));
  assert.equal(owner, undefined);
  assert.deepEqual(dacl!.aces.slice(2), parseDefaultDacl(SDDL, DOMAIN).aces);
  const may = (...sids: string[]) => hasExtendedRight(dacl, new Set(sids), CHANGE);
  assert.equal(may('S-1-5-10', 'S-1-1-0'), false);
  assert.equal(may('S-1-1-0', 'S-1-5-7'), false);
});

test('adds denials once, before everything else, and does not count an inherited one', () => {
  const before: Acl = parseDefaultDacl(SDDL, DOMAIN);
  const once = denyOwnChange(before)!;
  assert.equal(denyOwnChange(once), undefined);
  assert.equal(once.aces.length, before.aces.length + 2);
  const inherited: Acl = { ...once, aces: once.aces.map(ace => ({ ...ace, flags: 0x10 })) };
  assert.equal(denyOwnChange(inherited)!.aces.length, once.aces.length + 2);
  const one: Acl = { ...once, aces: once.aces.slice(1) };
  assert.equal(denyOwnChange(one)!.aces.length, once.aces.length);
});
