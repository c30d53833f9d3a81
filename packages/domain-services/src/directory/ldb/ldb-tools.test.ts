import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObjects } from './ldb-tools.ts';

test('reads the output of ldbsearch 4.17: folded lines, base64 and several values, and leaves out referrals', () => {
  const printed = `# record 1
dn: CN=RID Set,CN=DSX,OU=Domain Controllers,DC=aaddx,DC=example,DC=net
rIDAllocationPool: 1100-1599
member: <GUID=a929beb2-cf78-42c0-b087-1c261b98c5d0>;<SID=S-1-5-21-943253735-479
 059494-342484624-101600>;CN=u1
member: b
displayName:: SsO8cmdlbg==
empty:

# Referral
ref: ldap://aaddx.example.net/CN=Configuration,DC=aaddx,DC=example,DC=net

# returned 2 records
`;
  const objects = parseObjects(printed);
  assert.equal(objects.length, 1);
  const [set] = objects;
  assert.deepEqual(set?.get('rIDAllocationPool'), ['1100-1599']);
  assert.deepEqual(set?.get('displayName'), ['Jürgen']);
  assert.deepEqual(set?.get('empty'), ['']);
  assert.equal(
    set?.get('member')?.[0],
    '<GUID=a929beb2-cf78-42c0-b087-1c261b98c5d0>;<SID=S-1-5-21-943253735-479059494-342484624-101600>;CN=u1',
  );
  assert.equal(set?.get('member')?.length, 2);
});
