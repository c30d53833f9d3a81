import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePasswordOrder, inEpoch, isSameWrite, type PasswordOrder } from './index.ts';

const base: PasswordOrder = {
  version: 3,
  originatingTime: 13_370_000_000,
  originatingInvocationId: '00000001-0000-0000-0000-000000000000',
};

test('compares the version before the time, and the time before the invocation id', () => {
  const ascending: PasswordOrder[] = [
    base,
    { ...base, originatingInvocationId: '00000002-0000-0000-0000-000000000000' },
    { ...base, originatingTime: base.originatingTime + 1 },
    { ...base, version: 4, originatingTime: 0 },
    { ...base, version: 10, originatingTime: 0 },
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) assert.equal(comparePasswordOrder(a, b), Math.sign(i - j));
  }
});

test('versions wrap at 32 bits ([MS-DRSR] 5.11, version comparison)', () => {
  const older: [number, number][] = [
    [1, 2],
    [0xfffffffe, 0xffffffff],
    [0xffffffff, 0], // the next write after the highest version
    [0xffffffff, 1],
    [0x80000001, 0],
    // At exactly half the range apart, the greater number is newer.
    [0, 0x80000000],
    [0x7fffffff, 0xffffffff],
  ];
  for (const [a, b] of older) {
    assert.equal(comparePasswordOrder({ ...base, version: a }, { ...base, version: b }), -1, `${a} ${b}`);
    assert.equal(comparePasswordOrder({ ...base, version: b }, { ...base, version: a }), 1, `${b} ${a}`);
  }
});

test('compares invocation ids by their bytes on the wire, not as text', () => {
  const a = { ...base, originatingInvocationId: '00000100-0000-0000-0000-000000000000' }; // 00 01 00 00
  assert.equal(comparePasswordOrder(a, base), -1);
  assert.equal(comparePasswordOrder(base, a), 1);
});

test('ignores the case of an invocation id', () => {
  const lower = { ...base, originatingInvocationId: 'e3514235-4b06-11d1-ab04-00c04fc2dcd2' };
  const upper = { ...base, originatingInvocationId: 'E3514235-4B06-11D1-AB04-00C04FC2DCD2' };
  assert.equal(comparePasswordOrder(lower, upper), 0);
});

test('compares the epoch first, and reads an absent one as 0', () => {
  const ascending = [
    inEpoch(base, 0),
    { ...base, version: 4 },
    inEpoch({ ...base, version: 1 }, 7),
    inEpoch(base, 8),
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) assert.equal(comparePasswordOrder(a, b), Math.sign(i - j));
  }
  assert.equal(comparePasswordOrder(base, { ...base, epoch: 0 }), 0);
  assert.deepEqual(inEpoch({ ...base, epoch: 7 }, 0), base);
});

test('recognizes the same write in every epoch, and no other write', () => {
  assert.ok(isSameWrite(base, inEpoch(base, 7)));
  assert.ok(!isSameWrite(base, inEpoch({ ...base, version: 4 }, 7)));
});
