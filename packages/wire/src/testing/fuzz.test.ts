import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reader } from '../reader.ts';
import { truncationsAndMutations } from './fuzz.ts';

const vector = Uint8Array.of(2, 0, 0, 0, 0xaa, 0xbb);

test('accepts a careful decoder', () => {
  truncationsAndMutations(vector, { seed: 1 }, bytes => {
    const r = new Reader(bytes, 'blob');
    r.slice(r.limited(r.u32le('length'), 16, 'length'), 'data');
    r.end();
  });
});

test('leaves the vector unchanged, even if it is a Buffer', () => {
  const buffer = Buffer.from(vector);
  truncationsAndMutations(buffer, { seed: 3 }, bytes => bytes.fill(0xff));
  assert.deepEqual(Uint8Array.from(buffer), vector);
});

test('reports an exception of another kind and keeps it as the cause', () => {
  assert.throws(
    () => truncationsAndMutations(vector, { seed: 1 }, bytes => assert.equal(bytes.length, 6)),
    (e: unknown) =>
      e instanceof Error &&
      e.message.startsWith('truncated to 0 of 6 bytes') &&
      e.cause instanceof assert.AssertionError,
  );
});

test('reports a decoder that allocates what a length says, with the seed and the number', () => {
  assert.throws(
    () =>
      truncationsAndMutations(vector, { seed: 2 }, bytes => {
        const length = new Reader(bytes, 'blob').u32le('length');
        new Uint8Array(Math.min(length, 2 ** 28));
      }),
    /seed 2, mutation \d+: decoding took \d+ bytes of memory/,
  );
});
