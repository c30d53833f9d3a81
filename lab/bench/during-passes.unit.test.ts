import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FullPasswordSync } from '@causeway/contract';
import { standOf } from './during-passes.ts';

const AT = '2026-01-01T00:00:00.000Z';
const asked: FullPasswordSync = {
  id: 1,
  requestedAt: AT,
  startedAt: null,
  readAt: null,
  completedAt: null,
  users: 0,
  total: 100,
  rate: null,
  expectedAt: null,
  owed: 0,
  waitingFor: null,
};
const reading = (users: number): FullPasswordSync => ({ ...asked, startedAt: AT, users });
const read: FullPasswordSync = { ...reading(100), readAt: AT };
const ended: FullPasswordSync = { ...read, completedAt: AT };

test('makes a change only while each forest’s pass has sent somebody and less than half', () => {
  assert.equal(standOf([reading(1), reading(49)]), 'first half');
  for (const other of [asked, reading(0), reading(50), read, ended, null])
    assert.equal(standOf([reading(10), other]), 'elsewhere');
});

test('forces passes again when the last one has ended, not while one is still open', () => {
  assert.equal(standOf([null, ended]), 'ended');
  assert.equal(standOf([ended, read]), 'elsewhere');
});
