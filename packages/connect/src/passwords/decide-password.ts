import type { ReplicatedUser } from '@causeway/active-directory';
import {
  comparePasswordOrder,
  EncryptionType,
  type KerberosKeys,
  type PasswordOrder,
} from '@causeway/credentials';
import type { PasswordHolder } from '../store/password-holders.ts';
import type { PasswordStatus } from '../store/password-states.ts';
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
}

/** A password that goes to the tenant: always the whole set. */
export interface SendPassword {
  action: 'send';
  ntHash: Uint8Array;
  /** Undefined: the managed domain removes the keys that it has. */
  kerberosKeys: KerberosKeys | undefined;
  order: PasswordOrder;
  /** pwdLastSet, a FILETIME. */
  changed: bigint;
}

export type PasswordDecision =
  /** Says nothing of a password, or is nobody whom Connect synchronizes. */
  | { action: 'ignore' }
  /** Said nothing new: what the tenant has is current. */
  | { action: 'current' }
  /** One attribute of the set came alone: the user is read again, whole. */
  | { action: 'read-again' }
  /** Temporary password: waits until its user has changed it. */
  | { action: 'wait' }
  /** Nothing to be done now, for the reason given. */
  | { action: 'note'; status: PasswordStatus; detail: string }
  /** Cannot be sent as it is. */
  | { action: 'quarantine'; status: PasswordStatus; code: string; reason: string }
  | SendPassword;

const AES: readonly number[] = [EncryptionType.aes128, EncryptionType.aes256];

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
  if (user.problem !== undefined) {
    return { action: 'quarantine', status: 'Error', code: 'undecipherable', reason: user.problem };
  }
  // pwdLastSet that is not there means the same as 0 to Active Directory.
  const changed = user.pwdLastSet ?? 0n;
  if (typeof user.ntHash === 'string') {
    const reason =
      'the directory keeps no password of this account (no NT hash), as of one restored from a tombstone: set one, the next reset brings it';
    return { action: 'quarantine', status: 'MissingAttribute', code: 'no-password', reason };
  }
  if (changed === 0n) return { action: 'wait' };
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
  if (comparison === 0 && !isWantedAgain(holder, input)) return { action: 'current' };
  const keys = typeof user.kerberosKeys === 'string' ? undefined : user.kerberosKeys;
  const kerberosKeys = keys?.keys.some(({ enctype }) => AES.includes(enctype)) ? keys : undefined;
  return { action: 'send', ntHash: user.ntHash, kerberosKeys, order, changed };
}

/** NT hash, keys and pwdLastSet together, or the word that there are none. */
function isSet(user: ReplicatedUser): boolean {
  return (
    user.problem === undefined &&
    user.ntHash !== 'absent' &&
    user.kerberosKeys !== 'absent' &&
    user.pwdLastSet !== undefined
  );
}

/** Whether the password that the tenant has is to be sent all the same. */
function isWantedAgain(holder: PasswordHolder, { legacy, fullPass, wanted }: PasswordInput): boolean {
  if (wanted) return true;
  if (fullPass !== undefined && holder.fullPass !== fullPass) return true;
  return holder.owed && legacy === 'confirmed';
}
