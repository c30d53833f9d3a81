import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from '@causeway/service/testing';
import { AddressBudget, networkOf } from './address-budget.ts';
import { Turns } from './turns.ts';

test('runs work in its order of arrival, and does not begin what finds the queue full', async () => {
  const turns = new Turns(2, 3);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (number: number) => async () => {
    begun.push(number);
    await new Promise<void>(resolve => ends.push(resolve));
    if (number === 1) throw new Error('this one fails');
    return number;
  };
  const all = [0, 1, 2, 3, 4, 5, 6].map(number => turns.take(work(number)));
  const settled = Promise.allSettled(all);
  assert.deepEqual(await Promise.all(all.slice(5)), ['full', 'full']);
  assert.deepEqual(begun, [0, 1]);
  while (ends.length > 0) {
    ends.shift()!();
    await new Promise(setImmediate);
  }
  const results = (await settled).map(result => (result.status === 'fulfilled' ? result.value : 'failed'));
  assert.deepEqual(results, [0, 'failed', 2, 3, 4, 'full', 'full']);
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  const later = turns.take(async () => 7);
  assert.equal(await later, 7);
});

test('gives each address its burst and its rate, whatever others do', () => {
  let now = 0;
  const budget = new AddressBudget(3, 0.5, { monotonic: () => now });
  const take = (address: string, times: number): number[] =>
    Array.from({ length: times }, () => budget.take(address));
  assert.deepEqual(take('192.0.2.1', 4), [0, 0, 0, 2]);
  assert.deepEqual(take('192.0.2.2', 1), [0]);
  budget.giveBack('192.0.2.1');
  assert.deepEqual(take('192.0.2.1', 2), [0, 2]);
  now += 2000;
  assert.deepEqual(take('192.0.2.1', 2), [0, 2]);
  now += 3_600_000;
  assert.deepEqual(take('192.0.2.1', 4), [0, 0, 0, 2]);
});

test('forgets an address after many others, and gives a network of addresses one budget', () => {
  const budget = new AddressBudget(1, 0.001, new HandClock());
  assert.equal(budget.take('192.0.2.1'), 0);
  assert.ok(budget.take('192.0.2.1') > 0);
  for (let i = 0; i < 20_000; i++) budget.take(`10.1.${i >> 8}.${i & 255}`);
  assert.equal(budget.take('192.0.2.1'), 0);
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['what a proxy wrote', 'what a proxy wrote'],
  ] as const) {
    assert.equal(networkOf(address), network);
  }
});
