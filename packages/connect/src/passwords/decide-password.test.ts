import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ntHash } from '@causeway/credentials';
import type { PasswordHolder } from '../store/password-holders.ts';
import { replicated } from '../testing/fixtures.ts';
import { decidePassword } from './decide-password.ts';
import type { PasswordInput } from './password-decision.ts';

const known: PasswordHolder = {
  guid: replicated(1, 5).objectGuid,
  anchor: 'anchor',
  dn: 'CN=user1',
  isInetOrgPerson: false,
  inScope: true,
  exported: true,
  epoch: 0,
  acknowledged: undefined,
  withdrawn: undefined,
  mustChange: false,
  smartCard: false,
  passwords: 'sent' as const,
  anew: false,
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
    pairing: 'off',
    fullPass: undefined,
    temporaryPasswords: 'withdraw',
    ...more,
  });
const actionOf = (more: Partial<PasswordInput>) => decide(more).action;

test('sends a complete set of a synchronized user', () => {
  assert.equal(actionOf({}), 'send');
});

test('reads a user again if a set is incomplete, whatever part of it came alone', () => {
  assert.equal(actionOf({ user: replicated(1, 5, { kerberosKeys: 'absent' }) }), 'read-again');
  assert.equal(actionOf({ user: replicated(1, 5, { ntHash: 'absent' }) }), 'read-again');
  const { pwdLastSet: _, ...user } = replicated(1, 5);
  assert.equal(actionOf({ user }), 'read-again');
  assert.equal(
    actionOf({ user: replicated(1, 5, { ntHash: 'absent', kerberosKeys: 'absent', pwdLastSet: 0n }) }),
    'read-again',
  );
});

test("never sends an inetOrgPerson's password, not even in a full pass, unless the connector sends those", () => {
  const holder = { ...known, isInetOrgPerson: true };
  for (const more of [{}, { fullPass: 3 }, { wanted: true }, { whole: true }]) {
    const decision = decide({ holder, ...more });
    assert.ok(decision.action === 'note');
    assert.equal(decision.status, 'FilteredByTarget');
    assert.match(decision.detail, /inetOrgPerson/);
  }
  assert.equal(actionOf({ holder, inetOrgPersonPasswords: true }), 'send');
});

test('ignores a change without a password and a user who is not synchronized', () => {
  const { pwdLastSet: _, ...user } = replicated(1, 5, { ntHash: 'absent', kerberosKeys: 'absent' });
  assert.equal(actionOf({ user }), 'ignore');
  assert.equal(actionOf({ holder: undefined }), 'ignore');
  assert.equal(actionOf({ holder: { ...known, inScope: false } }), 'ignore');
  assert.equal(actionOf({ user: replicated(1, 5, { isDeleted: true }) }), 'ignore');
});

test('notes a user whom the tenant has not accepted yet, whose password is read later', () => {
  const decision = decide({ holder: { ...known, exported: false } });
  assert.ok(decision.action === 'note' && decision.status === 'TargetNotExportedToDirectory');
});

const temporary = (version: number) => replicated(1, version, { pwdLastSet: 0n });

test('withdraws the previous password after a reset to a temporary one', () => {
  const decision = decide({ user: temporary(6), holder: acknowledged(5) });
  assert.ok(decision.action === 'withdraw' && decision.reason === 'must-change');
  assert.equal(decision.order.version, 6);
  assert.match(decision.detail, /must change password at next logon/);
});

test('withdraws on a temporary password if it is unknown what the tenant has', () => {
  assert.equal(actionOf({ user: temporary(5) }), 'withdraw');
});

test('changes nothing because of the flag alone, not even in a forced pass, and sends the password once it is cleared', () => {
  for (const more of [{}, { fullPass: 7, whole: true }]) {
    const decision = decide({ user: temporary(5), holder: acknowledged(5), ...more });
    assert.ok(decision.action === 'wait' && /still opens the cloud/.test(decision.detail));
  }
  assert.equal(actionOf({ holder: acknowledged(5, { mustChange: true }) }), 'send');
});

test('withdraws a withdrawn password again for a newer one and, once, for a forced pass', () => {
  const withdrawn = (version: number) =>
    acknowledged(version, { withdrawn: 'must-change', mustChange: true });
  assert.equal(actionOf({ user: temporary(6), holder: withdrawn(6) }), 'withdrawn', 'the flag set twice');
  assert.equal(actionOf({ user: temporary(7), holder: withdrawn(6) }), 'withdraw', 'reset twice');
  assert.equal(actionOf({ user: temporary(6), holder: withdrawn(6), fullPass: 7 }), 'withdraw');
  const met = { ...withdrawn(6), fullPass: 7 };
  assert.equal(actionOf({ user: temporary(6), holder: met, fullPass: 7 }), 'withdrawn');
  assert.equal(actionOf({ user: temporary(5), holder: withdrawn(6) }), 'older', 'it lags');
  assert.equal(actionOf({ user: replicated(1, 6), holder: withdrawn(6) }), 'send', 'unticked');
  assert.equal(actionOf({ user: replicated(1, 7), holder: withdrawn(6) }), 'send', 'changed');
  assert.equal(actionOf({ user: replicated(1, 5), holder: withdrawn(6) }), 'older', 'it lags');
});

test('withdraws nothing because of a domain controller that lags', () => {
  assert.equal(actionOf({ user: temporary(4), holder: acknowledged(5) }), 'older');
  const empty = replicated(1, 4, { ntHash: ntHash('') });
  assert.equal(actionOf({ user: empty, holder: acknowledged(5) }), 'older');
});

test('keeps the previous password if configured to act like the original', () => {
  const keep = { temporaryPasswords: 'keep', whole: true } as const;
  for (const holder of [known, acknowledged(4), acknowledged(5)]) {
    const decision = decide({ user: temporary(5), holder, ...keep });
    assert.ok(decision.action === 'wait' && /must change password/.test(decision.detail));
  }
});

test('sends no password of a smart-card-only account, whatever replication brought', () => {
  const holder = (more: Partial<PasswordHolder> = {}) => acknowledged(5, { smartCard: true, ...more });
  const inputs: Partial<PasswordInput>[] = [
    { user: replicated(1, 6), holder: holder() },
    { user: replicated(1, 5), holder: holder(), whole: true },
    { user: replicated(1, 5), holder: holder(), fullPass: 7 },
    { user: replicated(1, 5), holder: holder({ owed: true }), pairing: 'confirmed' },
    { user: temporary(6), holder: holder() },
    { user: replicated(1, 6, { problem: 'unicodePwd: truncated' }), holder: holder(), whole: true },
    { user: replicated(1, 6), holder: { ...known, smartCard: true } },
  ];
  for (const input of inputs) {
    const decision = decide(input);
    assert.ok(decision.action === 'withdraw' && decision.reason === 'smart-card');
    assert.match(decision.detail, /smart card only/);
  }
  const lags = decide({ user: replicated(1, 4), holder: holder() });
  assert.ok(lags.action === 'withdraw' && lags.order.version === 5, 'the newer of the two orders');
  const withdrawn = holder({ withdrawn: 'smart-card', owed: true });
  assert.equal(actionOf({ holder: withdrawn, pairing: 'confirmed' }), 'withdrawn');
  assert.equal(actionOf({ holder: { ...withdrawn, smartCard: false } }), 'send');
  const { passwordOrder: _, ...never } = replicated(1, 5, { ntHash: 'absent', kerberosKeys: 'absent' });
  assert.equal(actionOf({ user: never, holder: { ...known, smartCard: true }, whole: true }), 'withdrawn');
});

test('never sends an empty password, and withdraws the previous one', () => {
  for (const holder of [known, acknowledged(4), acknowledged(5)]) {
    const decision = decide({ user: replicated(1, 5, { ntHash: ntHash('') }), holder, fullPass: 7 });
    assert.ok(decision.action === 'withdraw' && decision.reason === 'empty-password');
    assert.match(decision.detail, /empty password/);
  }
});

test('quarantines an account without a password', () => {
  for (const ntHash of ['cleared', 'absent'] as const) {
    const decision = decide({ user: replicated(1, 5, { ntHash }), whole: true });
    assert.ok(decision.action === 'quarantine' && decision.code === 'no-password');
  }
});

test('withdraws the password of a user who no longer has one on-premises, unless the domain controller lags', () => {
  const gone = (version: number) => ({ user: replicated(1, version, { ntHash: 'absent' }), whole: true });
  const decision = decide({ ...gone(6), holder: acknowledged(5) });
  assert.ok(decision.action === 'withdraw' && decision.reason === 'empty-password');
  assert.equal(actionOf({ ...gone(4), holder: acknowledged(5) }), 'quarantine');
  const told = acknowledged(5, { withdrawn: 'empty-password' });
  assert.equal(actionOf({ ...gone(5), holder: told }), 'withdrawn');
});

test('sends an account without AES keys without Kerberos keys', () => {
  for (const kerberosKeys of ['none', 'cleared', 'absent'] as const) {
    const decision = decide({ user: replicated(1, 5, { kerberosKeys }), whole: true });
    assert.ok(decision.action === 'send' && decision.kerberosKeys === undefined);
  }
});

test('reads unreadable keys again, then sends the hash alone with the reason', () => {
  const user = replicated(1, 5, { kerberosKeys: 'none', keysProblem: 'the checksum does not match' });
  assert.equal(actionOf({ user }), 'read-again');
  const decision = decide({ user, whole: true });
  assert.ok(decision.action === 'send' && decision.kerberosKeys === undefined);
  assert.equal(decision.keysProblem, user.keysProblem);
});

test('overwrites nothing because of a domain controller that lags, and sends no equal password twice', () => {
  assert.equal(actionOf({ holder: acknowledged(6) }), 'older');
  assert.equal(actionOf({ holder: acknowledged(5) }), 'current');
  assert.equal(actionOf({ holder: acknowledged(4) }), 'send');
  assert.equal(actionOf({ holder: acknowledged(6), fullPass: 7 }), 'older');
});

test('sends an equal password again in a forced pass, once, and to a user whose password is owed', () => {
  assert.equal(actionOf({ holder: acknowledged(5), fullPass: 7 }), 'send');
  assert.equal(actionOf({ holder: acknowledged(5, { fullPass: 7 }), fullPass: 7 }), 'current');
  assert.equal(actionOf({ holder: acknowledged(5, { owed: true }), pairing: 'unconfirmed' }), 'current');
  assert.equal(actionOf({ holder: acknowledged(5, { owed: true }), pairing: 'confirmed' }), 'send');
});

test('reads an undecryptable password again, then quarantines it with the reason', () => {
  const user = replicated(1, 5, {
    ntHash: 'absent',
    kerberosKeys: 'absent',
    problem: 'unicodePwd: truncated',
  });
  assert.equal(actionOf({ user }), 'read-again');
  const decision = decide({ user, whole: true });
  assert.ok(decision.action === 'quarantine' && decision.reason === 'unicodePwd: truncated');
});

test('reopens a closed password only by news, not by a domain controller that lags', () => {
  for (const holder of [
    acknowledged(5, { withdrawn: 'must-change' }),
    acknowledged(5, { mustChange: true }),
  ]) {
    assert.equal(actionOf({ holder }), 'send');
    const decision = decide({ holder, lags: true });
    assert.equal(decision.action === 'quarantine' && decision.code, 'domain-controller-lags');
    assert.equal(actionOf({ holder, lags: true, user: replicated(1, 6) }), 'send');
  }
});
