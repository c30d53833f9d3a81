import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from './index.ts';

test('accepts addresses of 127.0.0.0/8, ::1 and localhost as loopback, and no name that looks like one', () => {
  for (const host of [
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    'localhost',
    'LocalHost',
  ]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of [
    '127.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.256',
    '127.0.0',
    '127.0.0.01',
    '127.0.0.1\n',
    '1127.0.0.1',
    '::2',
    '::',
    '[::1',
    'localhost.evil.example',
    'evil.localhost',
    '0.0.0.0',
    '10.0.0.1',
    '',
  ]) {
    assert.equal(isLoopback(host), false, JSON.stringify(host));
  }
});
