import type { ReplicatedUser } from '@causeway/active-directory';
import {
  comparePasswordOrder,
  isHashOfEmptyPassword,
  isSameWrite,
  type PasswordOrder,
} from '@causeway/credentials';
import type { PasswordHolder } from '../store/password-holders.ts';
import { decideOutOfScope, decideTemporary, decideWithdrawal, isAskedFor } from './decide-withdrawal.ts';
import type { PasswordDecision, PasswordInput } from './password-decision.ts';

/** Decides about one user that replication brought. */
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
  if (holder.passwords !== 'sent') return decideOutOfScope(input);
  if (user.problem !== undefined) {
    return { action: 'quarantine', status: 'Error', code: 'undecipherable', reason: user.problem };
  }
  if (typeof user.ntHash === 'string') {
    const reason =
      'the directory keeps no password of this account (no NT hash), as of one restored from a tombstone: set one, the next reset brings it';
    // What was sent earlier is not what the directory has: a user deleted and restored within a moment keeps no old password.
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
    const detail =
      'the domain controller has an older password than the tenant: it lags, or was restored (causeway connect accept-restore)';
    return { action: 'older', detail };
  }
  if (isHashOfEmptyPassword(user.ntHash)) return decideWithdrawal(input, 'empty-password');
  // Active Directory treats a missing pwdLastSet as 0.
  const changed = user.pwdLastSet || (isAsAcknowledged(holder, comparison) ? filetimeOf(order) : 0n);
  if (changed === 0n)
    return decideTemporary(input, holder.acknowledged && isSameWrite(order, holder.acknowledged));
  if (comparison === 0 && input.lags && (holder.withdrawn !== undefined || holder.mustChange)) {
    const reason =
      'the domain controller lags: what closed this password may not have reached it, so it stays closed until the domain controller has caught up';
    return { action: 'quarantine', status: 'Unknown', code: 'domain-controller-lags', reason };
  }
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

/** Whether another place lost this password and only the *must change* flag was set since: it is still the user's own password. */
const isAsAcknowledged = (holder: PasswordHolder, comparison: number): boolean =>
  holder.anew && comparison === 0 && holder.withdrawn === undefined;

/** @returns when the password was set, as pwdLastSet would state it */
const filetimeOf = ({ originatingTime }: PasswordOrder): bigint => BigInt(originatingTime) * 10_000_000n;

/** Whether NT hash, keys and pwdLastSet came together, or as explicitly missing. What could not be read is read once more. */
function isSet(user: ReplicatedUser): boolean {
  return (
    user.problem === undefined &&
    user.keysProblem === undefined &&
    user.ntHash !== 'absent' &&
    user.kerberosKeys !== 'absent' &&
    user.pwdLastSet !== undefined
  );
}

/** Whether a password that the tenant already has is to be sent again. */
function isWantedAgain(holder: PasswordHolder, input: PasswordInput): boolean {
  // No obstacle is left: a withdrawn password comes back, and one that only waited may never have been sealed.
  if (holder.withdrawn !== undefined || holder.mustChange) return true;
  return isAskedFor(input) || (holder.owed && input.pairing === 'confirmed');
}
