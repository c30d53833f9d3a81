import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PasswordHolder } from '../store/password-holders.ts';
import { replicated } from '../testing/fixtures.ts';
import { decidePassword, type PasswordInput } from './decide-password.ts';

const known: PasswordHolder = {
  guid: replicated(1, 5).objectGuid,
  anchor: 'anchor',
  dn: 'CN=user1',
  isInetOrgPerson: false,
  inScope: true,
  exported: true,
  acknowledged: undefined,
  fullPass: undefined,
  owed: false,
};

const acknowledged = (version: number, more: Partial<PasswordHolder> = {}): PasswordHolder => ({
  ...known,
  acknowledged: replicated(1, version).passwordOrder,
  ...more,
});

const decide = (more: Partial<PasswordInput>) =>
  decidePassword({
    user: replicated(1, 5),
    whole: false,
    holder: known,
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

test('the password of an inetOrgPerson stays where it is, in a full pass too, unless the connector sends it', () => {
  const holder = { ...known, isInetOrgPerson: true };
  for (const more of [{}, { fullPass: 3 }, { wanted: true }, { whole: true }]) {
    const decision = decide({ holder, ...more });
    assert.ok(decision.action === 'note');
    assert.equal(decision.status, 'FilteredByTarget');
    assert.match(decision.detail, /inetOrgPerson/);
  }
  assert.equal(actionOf({ holder, inetOrgPersonPasswords: true }), 'send');
});

test('what says nothing of a password is passed over, and so is who is not synchronized', () => {
  const { pwdLastSet: _, ...user } = replicated(1, 5, { ntHash: 'absent', kerberosKeys: 'absent' });
  assert.equal(actionOf({ user }), 'ignore');
  assert.equal(actionOf({ holder: undefined }), 'ignore');
  assert.equal(actionOf({ holder: { ...known, inScope: false } }), 'ignore');
  assert.equal(actionOf({ user: replicated(1, 5, { isDeleted: true }) }), 'ignore');
});

test('a user whom the tenant has not taken yet is noted: its password is read when it has', () => {
  const decision = decide({ holder: { ...known, exported: false } });
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
  assert.equal(actionOf({ holder: acknowledged(6) }), 'note');
  assert.equal(actionOf({ holder: acknowledged(5) }), 'current');
  assert.equal(actionOf({ holder: acknowledged(4) }), 'send');
  assert.equal(actionOf({ holder: acknowledged(6), fullPass: 7 }), 'note');
});

test('an equal password is sent again by a forced pass, once, and to whom it is owed', () => {
  assert.equal(actionOf({ holder: acknowledged(5), fullPass: 7 }), 'send');
  assert.equal(actionOf({ holder: acknowledged(5, { fullPass: 7 }), fullPass: 7 }), 'current');
  assert.equal(actionOf({ holder: acknowledged(5, { owed: true }), legacy: 'unconfirmed' }), 'current');
  assert.equal(actionOf({ holder: acknowledged(5, { owed: true }), legacy: 'confirmed' }), 'send');
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
