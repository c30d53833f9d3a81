import type { ReplicatedUser } from '@causeway/active-directory';
import {
  comparePasswordOrder,
  isHashOfEmptyPassword,
  type KerberosKeys,
  type PasswordOrder,
} from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { ConnectConfiguration } from '../configuration.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import type { PasswordStatus } from '../store/password-states.ts';
import { decideTemporary, decideWithdrawal, isAskedFor } from './decide-withdrawal.ts';
import type { LegacyState } from './legacy.ts';

export interface PasswordInput {
  user: ReplicatedUser;
  /** True when the reply tells all that there is of the user, not only what changed. */
  whole: boolean;
  /** Undefined: nobody whom Connect knows. */
  holder: PasswordHolder | undefined;
  legacy: LegacyState['state'];
  /** The forced full pass on whose behalf the user was read. */
  fullPass: number | undefined;
  /** The connector sends passwords of inetOrgPerson objects too. */
  inetOrgPersonPasswords?: boolean;
  /** Somebody asked for this very user. */
  wanted?: boolean | undefined;
  temporaryPasswords: ConnectConfiguration['temporaryPasswords'];
}

/** A password that goes to the tenant: always the whole set. */
export interface SendPassword {
  action: 'send';
  ntHash: Uint8Array;
  /** Undefined: the managed domain removes the keys that it has. */
  kerberosKeys: KerberosKeys | undefined;
  /** Why there are none, where the account has some. */
  keysProblem?: string;
  order: PasswordOrder;
  /** pwdLastSet, a FILETIME. */
  changed: bigint;
}

/** Takes away the password that the tenant has. */
export interface Withdraw {
  action: 'withdraw';
  reason: WithdrawalReason;
  /** The newest that is known. */
  order: PasswordOrder;
  /** How it stands then, in words. */
  detail: string;
}

export type PasswordDecision =
  /** Says nothing of a password, or is nobody whom Connect synchronizes. */
  | { action: 'ignore' }
  /** Said nothing new: what the tenant has is current. */
  | { action: 'current' }
  /** One attribute of the set came alone: the user is read again, whole. */
  | { action: 'read-again' }
  /** Temporary password: waits until its user has changed it. What the tenant has stays. */
  | { action: 'wait'; detail: string }
  /** No password is to be sent, and the tenant knows it. */
  | { action: 'withdrawn'; reason: WithdrawalReason; detail: string }
  /** Nothing to be done now, for the reason given. */
  | { action: 'note'; status: PasswordStatus; detail: string }
  /** Cannot be sent as it is. */
  | { action: 'quarantine'; status: PasswordStatus; code: string; reason: string }
  | Withdraw
  | SendPassword;

/** What becomes of one user that replication brought. */
export function decidePassword(input: PasswordInput): PasswordDecision {
  const { user, whole, holder } = input;
  if (user.isDeleted || !holder?.inScope) return { action: 'ignore' };
  const silent = user.ntHash === 'absent' && user.kerberosKeys === 'absent' && user.pwdLastSet === undefined;
  if (silent && !whole && user.problem === undefined) return { action: 'ignore' };
  if (!holder.exported) {
    const detail = 'the tenant has not taken the user yet: the password is read when it has';
    return { action: 'note', status: 'TargetNotExportedToDirectory', detail };
  }
  if (holder.isInetOrgPerson && !input.inetOrgPersonPasswords) {
    const detail =
      'an inetOrgPerson: its password is not sent (inetOrgPersonPasswords of the connector is off, as in the original)';
    return { action: 'note', status: 'FilteredByTarget', detail };
  }
  if (!whole && !isSet(user)) return { action: 'read-again' };
  if (holder.smartCard) return decideWithdrawal(input, 'smart-card');
  if (user.problem !== undefined) {
    return { action: 'quarantine', status: 'Error', code: 'undecipherable', reason: user.problem };
  }
  if (typeof user.ntHash === 'string') {
    const reason =
      'the directory keeps no password of this account (no NT hash), as of one restored from a tombstone: set one, the next reset brings it';
    // Whatever was sent before is not what the directory has: somebody deleted and restored within a moment keeps no old password.
    if (holder.acknowledged && !isOlder(user.passwordOrder, holder.acknowledged))
      return decideWithdrawal(input, 'empty-password', `withdrawn: ${reason}`);
    return { action: 'quarantine', status: 'MissingAttribute', code: 'no-password', reason };
  }
  const order = user.passwordOrder;
  if (order === undefined) {
    const reason = 'the domain controller sent a password without its replication metadata';
    return { action: 'quarantine', status: 'Error', code: 'no-password-order', reason };
  }
  const comparison = holder.acknowledged ? comparePasswordOrder(order, holder.acknowledged) : 1;
  if (comparison < 0) {
    const detail = 'the domain controller has an older password than the tenant: it lags, or was restored';
    return { action: 'note', status: 'Unknown', detail };
  }
  if (isHashOfEmptyPassword(user.ntHash)) return decideWithdrawal(input, 'empty-password');
  // pwdLastSet that is not there means the same as 0 to Active Directory.
  const changed = user.pwdLastSet ?? 0n;
  if (changed === 0n) return decideTemporary(input, comparison);
  if (comparison === 0 && !isWantedAgain(holder, input)) return { action: 'current' };
  const { ntHash, keysProblem } = user;
  const kerberosKeys = typeof user.kerberosKeys === 'string' ? undefined : user.kerberosKeys;
  return {
    ...{ action: 'send', ntHash, kerberosKeys, order, changed },
    ...(keysProblem !== undefined && { keysProblem }),
  };
}

const isOlder = (order: PasswordOrder | undefined, than: PasswordOrder): boolean =>
  order !== undefined && comparePasswordOrder(order, than) < 0;

/** NT hash, keys and pwdLastSet together, or the word that there are none. What could not be read is read once more. */
function isSet(user: ReplicatedUser): boolean {
  return (
    user.problem === undefined &&
    user.keysProblem === undefined &&
    user.ntHash !== 'absent' &&
    user.kerberosKeys !== 'absent' &&
    user.pwdLastSet !== undefined
  );
}

/** Whether a password of which the tenant knows is to be sent all the same. */
function isWantedAgain(holder: PasswordHolder, input: PasswordInput): boolean {
  // Nothing speaks against it any more: what was withdrawn comes back, and what only waited may never have been sealed.
  if (holder.withdrawn !== undefined || holder.mustChange) return true;
  return isAskedFor(input) || (holder.owed && input.legacy === 'confirmed');
}
