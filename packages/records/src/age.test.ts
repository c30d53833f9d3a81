import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Age, ageOf, type Dated } from './index.ts';

const order = (version: number) => ({
  version,
  originatingTime: 13_400_000_000,
  originatingInvocationId: '3f6f3bd5-0d5f-4d52-8a4d-000000000001',
});
const at = (sequence: number | null, version?: number): Dated => ({
  sequence,
  passwordOrder: version === undefined ? null : order(version),
});

test('compares the sequence first, then the password order, and for equal orders the sequence', () => {
  const cases: [said: Dated, believed: Dated, Age][] = [
    [at(4, 9), at(5, 1), 'older-sequence'],
    [at(6, 1), at(5, 2), 'older-password-order'],
    [at(5, 1), at(5, 2), 'older-password-order'],
    [at(6, 3), at(5, 2), 'newer'],
    [at(6, 2), at(5, 2), 'newer'],
    [at(5, 2), at(5, 2), 'same'],
    // Not about a password: compares the sequence only.
    [at(4), at(5), 'older-sequence'],
    [at(5), at(5), 'same'],
    [at(6), at(5), 'newer'],
    // Nothing accepted before.
    [at(0), {}, 'newer'],
    [at(7, 1), at(null), 'newer'],
    [at(7, 1), at(5), 'newer'],
    // A Connect of the first release sends no sequence.
    [at(null, 1), at(5, 2), 'older-password-order'],
    [at(null, 2), at(5, 2), 'same'],
    [at(null, 3), at(5, 2), 'newer'],
    [at(null, 2), at(null, 2), 'same'],
  ];
  for (const [said, believed, age] of cases)
    assert.equal(ageOf(said, believed), age, JSON.stringify([said, believed]));
});

test('compares the epoch of a restored forest before the order, but a smaller sequence is older all the same', () => {
  const of = (sequence: number, epoch: number, version: number): Dated => ({
    sequence,
    passwordOrder: { epoch, ...order(version) },
  });
  assert.equal(ageOf(of(6, 9, 1), at(5, 7)), 'newer');
  assert.equal(ageOf(at(6, 8), of(5, 9, 1)), 'older-password-order');
  assert.equal(ageOf(of(6, 8, 8), of(5, 9, 1)), 'older-password-order');
  assert.equal(ageOf(of(4, 9, 1), at(5, 7)), 'older-sequence');
});
