import assert from 'node:assert/strict';
import { test } from 'node:test';
import { creatorsMay } from './policy-folder.ts';

// Output of `samba-tool ntacl get --as-sddl` of Samba 4.17: what provisioning sets, and what POSIX rights alone leave of it.
const PROVISIONED = 'O:LAG:BAD:P(A;OICI;0x001f01ff;;;BA)(A;OICI;0x001200a9;;;AU)(A;OICI;0x001301bf;;;PA)\n';
const BY_POSIX =
  'O:LAG:BAD:(A;OICI;0x001f01ff;;;LA)(A;OICI;0x001f01ff;;;PA)(A;OICI;0x001200a9;;;AU)(A;;0x001f01ff;;;BA)\n';

test('reads the rights of the policy creators, and no others', () => {
  assert.equal(creatorsMay(PROVISIONED), '(A;OICI;0x1301bf;;;PA)');
  assert.equal(creatorsMay('O:LAG:BAD:P(A;OICI;0x001f01ff;;;BA)\n'), '');
});

test('reads the same rights from masks with zeros, without zeros, or by name', () => {
  for (const mask of ['0x1f01ff', 'FA'])
    assert.equal(creatorsMay(BY_POSIX.replaceAll('0x001f01ff', mask)), '(A;OICI;0x1f01ff;;;PA)');
});

test('reads each of several entries', () => {
  const more = `${PROVISIONED.trim()}(A;;FA;;;PA)`;
  assert.equal(creatorsMay(more), '(A;OICI;0x1301bf;;;PA)(A;;0x1f01ff;;;PA)');
});
