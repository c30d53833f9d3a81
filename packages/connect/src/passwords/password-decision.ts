import type { ReplicatedUser } from '@causeway/active-directory';
import type { KerberosKeys, PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { ConnectConfiguration } from '../configuration.ts';
import type { PairingState } from '../pairing/pairing-state.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import type { PasswordStatus } from '../store/password-log.ts';

export interface PasswordInput {
  user: ReplicatedUser;
  /** True if the reply has everything about the user, not only what changed. */
  whole: boolean;
  /** Undefined for a user whom Connect does not know. */
  holder: PasswordHolder | undefined;
  pairing: PairingState['state'];
  /** The forced full pass for which the user was read. */
  fullPass: number | undefined;
  /** The connector sends passwords of inetOrgPerson objects too. */
  inetOrgPersonPasswords?: boolean;
  /** Somebody asked for this user. */
  wanted?: boolean | undefined;
  /** The domain controller lacks something that was read before. */
  lags?: boolean;
  temporaryPasswords: ConnectConfiguration['temporaryPasswords'];
}

/** A password for the tenant, always as a complete set. */
export interface SendPassword {
  action: 'send';
  ntHash: Uint8Array;
  /** Undefined: the managed domain removes the keys that it has. */
  kerberosKeys: KerberosKeys | undefined;
  /** Why there are no keys although the account has some. */
  keysProblem?: string;
  order: PasswordOrder;
  /** pwdLastSet, a FILETIME. */
  changed: bigint;
}

/** Withdraws the password that the tenant has. */
export interface Withdraw {
  action: 'withdraw';
  reason: WithdrawalReason;
  /** The newest known password order. */
  order: PasswordOrder;
  /** The resulting state, in words. */
  detail: string;
}

export type PasswordDecision =
  /** There was no password in it, or Connect does not synchronize the user. */
  | { action: 'ignore' }
  /** Nothing new: what the tenant has is current. */
  | { action: 'current' }
  /** One attribute of the set came alone, so the user is read again, whole. */
  | { action: 'read-again' }
  /** A temporary password waits until the user has changed it. What the tenant has stays. */
  | { action: 'wait'; detail: string }
  /** No password is to be sent, and the tenant knows that. */
  | { action: 'withdrawn'; reason: WithdrawalReason; detail: string }
  /** Nothing to do now, for the reason given. */
  | { action: 'note'; status: PasswordStatus; detail: string }
  /** The tenant has a newer one. */
  | { action: 'older'; detail: string }
  /** It cannot be sent as it is. */
  | { action: 'quarantine'; status: PasswordStatus; code: string; reason: string }
  | Withdraw
  | SendPassword;
