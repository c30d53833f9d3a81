import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRun, SeenRun, shownAddress, writeRun } from './run.ts';

const ID = '0a8e2b44-7f0c-4b8e-9a52-1a2b3c4d5e6f';

test("reads a run as it was written, whatever the machine's name", () => {
  assert.deepEqual(readRun(writeRun({ id: ID, machine: 'sync-1.corp' })), { id: ID, machine: 'sync-1.corp' });
  assert.equal(readRun(writeRun({ id: ID, machine: 'Büro\n\u001b[31m' }))?.machine, 'B-ro---31m');
  assert.equal(readRun(writeRun({ id: ID, machine: '' }))?.machine, 'unknown');
  assert.equal(readRun(writeRun({ id: ID, machine: 'x'.repeat(500) }))?.machine.length, 64);
});

test('ignores a header with any other content', () => {
  const headers = [
    ...[undefined, '', ID, `${ID} `, 'no-uuid machine', `${ID} two words`, `${ID} \u001b[31m`],
    ...[`${ID} ${'x'.repeat(65)}`, [`${ID} machine`], `${ID} machine, ${ID} machine`],
  ];
  for (const header of headers) assert.equal(readRun(header), undefined, JSON.stringify(header));
});

test('shows of a run a name and an address, and nothing that a terminal would interpret', () => {
  const at = '2026-03-02T08:00:00.000Z';
  const run = { machine: 'dc1', address: 'fe80::1%eth0', firstSeenAt: at, lastSeenAt: at };
  assert.deepEqual(SeenRun.parse(run), run);
  for (const machine of ['', 'a b', '\u001b[2J', 'x'.repeat(65)])
    assert.equal(SeenRun.safeParse({ ...run, machine }).success, false);
  assert.equal(shownAddress('10.0.0.1'), '10.0.0.1');
  assert.equal(shownAddress('"_mystery"\n'), 'unknown');
});
