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

const temporary = (version: number) => replicated(1, version, { pwdLastSet: 0n });

test('a reset to a temporary password takes the one before away', () => {
  const decision = decide({ user: temporary(6), holder: acknowledged(5) });
  assert.ok(decision.action === 'withdraw' && decision.reason === 'must-change');
  assert.equal(decision.order.version, 6);
  assert.match(decision.detail, /must change password at next logon/);
});

test('where nothing is known of what the tenant has, a temporary password takes it away', () => {
  assert.equal(actionOf({ user: temporary(5) }), 'withdraw');
});

test('the flag alone changes nothing, also when a forced pass meets it, and its end sends the password once', () => {
  for (const more of [{}, { fullPass: 7, whole: true }]) {
    const decision = decide({ user: temporary(5), holder: acknowledged(5), ...more });
    assert.ok(decision.action === 'wait' && /still opens the cloud/.test(decision.detail));
  }
  assert.equal(actionOf({ holder: acknowledged(5, { mustChange: true }) }), 'send');
});

test('a withdrawn password is withdrawn again by a newer one and by a forced pass, once', () => {
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

test('a domain controller that lags withdraws nothing', () => {
  assert.equal(actionOf({ user: temporary(4), holder: acknowledged(5) }), 'older');
  const empty = replicated(1, 4, { ntHash: ntHash('') });
  assert.equal(actionOf({ user: empty, holder: acknowledged(5) }), 'older');
});

test('who wants it as the original does keeps the password before', () => {
  const keep = { temporaryPasswords: 'keep', whole: true } as const;
  for (const holder of [known, acknowledged(4), acknowledged(5)]) {
    const decision = decide({ user: temporary(5), holder, ...keep });
    assert.ok(decision.action === 'wait' && /must change password/.test(decision.detail));
  }
});

test('of an account that is smart card only no password is sent, whatever came', () => {
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

test('an empty password is never sent, and takes the one before away', () => {
  for (const holder of [known, acknowledged(4), acknowledged(5)]) {
    const decision = decide({ user: replicated(1, 5, { ntHash: ntHash('') }), holder, fullPass: 7 });
    assert.ok(decision.action === 'withdraw' && decision.reason === 'empty-password');
    assert.match(decision.detail, /empty password/);
  }
});

test('an account without a password is quarantined', () => {
  for (const ntHash of ['cleared', 'absent'] as const) {
    const decision = decide({ user: replicated(1, 5, { ntHash }), whole: true });
    assert.ok(decision.action === 'quarantine' && decision.code === 'no-password');
  }
});

test('whoever has no password on-premises any more keeps none in the cloud, unless the domain controller lags', () => {
  const gone = (version: number) => ({ user: replicated(1, version, { ntHash: 'absent' }), whole: true });
  const decision = decide({ ...gone(6), holder: acknowledged(5) });
  assert.ok(decision.action === 'withdraw' && decision.reason === 'empty-password');
  assert.equal(actionOf({ ...gone(4), holder: acknowledged(5) }), 'quarantine');
  const told = acknowledged(5, { withdrawn: 'empty-password' });
  assert.equal(actionOf({ ...gone(5), holder: told }), 'withdrawn');
});

test('an account without AES keys is sent without Kerberos keys', () => {
  for (const kerberosKeys of ['none', 'cleared', 'absent'] as const) {
    const decision = decide({ user: replicated(1, 5, { kerberosKeys }), whole: true });
    assert.ok(decision.action === 'send' && decision.kerberosKeys === undefined);
  }
});

test('keys that could not be read are read again, then the hash goes alone with the reason', () => {
  const user = replicated(1, 5, { kerberosKeys: 'none', keysProblem: 'the checksum does not match' });
  assert.equal(actionOf({ user }), 'read-again');
  const decision = decide({ user, whole: true });
  assert.ok(decision.action === 'send' && decision.kerberosKeys === undefined);
  assert.equal(decision.keysProblem, user.keysProblem);
});

test('a domain controller that lags overwrites nothing, and an equal password is not sent twice', () => {
  assert.equal(actionOf({ holder: acknowledged(6) }), 'older');
  assert.equal(actionOf({ holder: acknowledged(5) }), 'current');
  assert.equal(actionOf({ holder: acknowledged(4) }), 'send');
  assert.equal(actionOf({ holder: acknowledged(6), fullPass: 7 }), 'older');
});

test('an equal password is sent again by a forced pass, once, and to whom it is owed', () => {
  assert.equal(actionOf({ holder: acknowledged(5), fullPass: 7 }), 'send');
  assert.equal(actionOf({ holder: acknowledged(5, { fullPass: 7 }), fullPass: 7 }), 'current');
  assert.equal(actionOf({ holder: acknowledged(5, { owed: true }), pairing: 'unconfirmed' }), 'current');
  assert.equal(actionOf({ holder: acknowledged(5, { owed: true }), pairing: 'confirmed' }), 'send');
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

test('a password that was closed is not opened again by a domain controller that lags, but by news of it', () => {
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
