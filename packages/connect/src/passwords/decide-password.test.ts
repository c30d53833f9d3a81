import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideObject } from '../objects/merge.ts';
import type { SpaceObject } from '../store/connector-space.ts';
import { person, replicated } from '../testing/fixtures.ts';
import { decidePassword, type PasswordInput } from './decide-password.ts';

const desired = decideObject(person(1), { domain: 'corp.example.com', ownAccount: 'connector' });
const exported: SpaceObject = {
  ...desired,
  exportedDigest: desired.desiredDigest,
  exportedSequence: 1,
  exportedAt: undefined,
};

const acknowledged = (version: number, more: object = {}): PasswordInput['state'] => ({
  guid: desired.guid,
  acknowledged: replicated(1, version).passwordOrder,
  acknowledgedAt: '2026-01-01T00:00:00.000Z',
  recipientKeyId: undefined,
  status: 'Success',
  detail: undefined,
  mustChange: false,
  fullPass: undefined,
  updatedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

const decide = (more: Partial<PasswordInput>) =>
  decidePassword({
    user: replicated(1, 5),
    whole: false,
    object: exported,
    state: undefined,
    owed: false,
    legacy: 'off',
    fullPass: undefined,
    ...more,
  });
const actionOf = (more: Partial<PasswordInput>) => decide(more).action;

test('a whole set of a synchronized user is sent', () => {
  assert.equal(actionOf({}), 'send');
});

test('a set that is not whole makes the user be read again, whatever part of it came alone', () => {
  assert.equal(actionOf({ user: replicated(1, 5, { kerberosKeys: 'absent' }) }), 'read-again');
  assert.equal(actionOf({ user: replicated(1, 5, { ntHash: 'absent' }) }), 'read-again');
  const { pwdLastSet: _, ...user } = replicated(1, 5);
  assert.equal(actionOf({ user }), 'read-again');
  assert.equal(
    actionOf({ user: replicated(1, 5, { ntHash: 'absent', kerberosKeys: 'absent', pwdLastSet: 0n }) }),
    'read-again',
  );
});

test('what says nothing of a password is passed over, and so is who is not synchronized', () => {
  const { pwdLastSet: _, ...user } = replicated(1, 5, { ntHash: 'absent', kerberosKeys: 'absent' });
  assert.equal(actionOf({ user }), 'ignore');
  assert.equal(actionOf({ object: undefined }), 'ignore');
  assert.equal(actionOf({ object: { ...exported, desiredDigest: undefined } }), 'ignore');
  assert.equal(actionOf({ user: replicated(1, 5, { isDeleted: true }) }), 'ignore');
});

test('a user whom the tenant has not taken yet is noted: its password is read when it has', () => {
  const decision = decide({ object: { ...exported, exportedDigest: undefined } });
  assert.ok(decision.action === 'note' && decision.status === 'TargetNotExportedToDirectory');
});

test('a temporary password waits, also when it came with a forced pass', () => {
  assert.equal(actionOf({ user: replicated(1, 5, { pwdLastSet: 0n }) }), 'wait');
  assert.equal(actionOf({ user: replicated(1, 5, { pwdLastSet: 0n }), whole: true, fullPass: 7 }), 'wait');
});

test('an account without a password is quarantined', () => {
  for (const ntHash of ['cleared', 'absent'] as const) {
    const decision = decide({ user: replicated(1, 5, { ntHash }), whole: true });
    assert.ok(decision.action === 'quarantine' && decision.code === 'no-password');
  }
});

test('an account without AES keys is sent without Kerberos keys', () => {
  for (const kerberosKeys of ['none', 'cleared', 'absent'] as const) {
    const decision = decide({ user: replicated(1, 5, { kerberosKeys }), whole: true });
    assert.ok(decision.action === 'send' && decision.kerberosKeys === undefined);
  }
  const des = { salt: 's', iterations: 4096, keys: [{ enctype: 3, key: new Uint8Array(8) }] };
  const decision = decide({ user: replicated(1, 5, { kerberosKeys: des }) });
  assert.ok(decision.action === 'send' && decision.kerberosKeys === undefined);
});

test('a domain controller that lags overwrites nothing, and an equal password is not sent twice', () => {
  assert.equal(actionOf({ state: acknowledged(6) }), 'note');
  assert.equal(actionOf({ state: acknowledged(5) }), 'current');
  assert.equal(actionOf({ state: acknowledged(4) }), 'send');
  assert.equal(actionOf({ state: acknowledged(6), fullPass: 7 }), 'note');
});

test('an equal password is sent again by a forced pass, once, and to whom it is owed', () => {
  assert.equal(actionOf({ state: acknowledged(5), fullPass: 7 }), 'send');
  assert.equal(actionOf({ state: acknowledged(5, { fullPass: 7 }), fullPass: 7 }), 'current');
  assert.equal(actionOf({ state: acknowledged(5), owed: true, legacy: 'unconfirmed' }), 'current');
  assert.equal(actionOf({ state: acknowledged(5), owed: true, legacy: 'confirmed' }), 'send');
});

test('what could not be decrypted is read again, then quarantined with its reason', () => {
  const user = replicated(1, 5, {
    ntHash: 'absent',
    kerberosKeys: 'absent',
    problem: 'unicodePwd: truncated',
  });
  assert.equal(actionOf({ user }), 'read-again');
  const decision = decide({ user, whole: true });
  assert.ok(decision.action === 'quarantine' && decision.reason === 'unicodePwd: truncated');
});
