import type { ReplicatedUser } from '@causeway/active-directory';
import type { KerberosKeys, PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { ConnectConfiguration } from '../configuration.ts';
import type { PairingState } from '../pairing/pairing-state.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import type { PasswordStatus } from '../store/password-log.ts';

export interface PasswordInput {
  user: ReplicatedUser;
  /** True when the reply tells all that there is of the user, not only what changed. */
  whole: boolean;
  /** Undefined: nobody whom Connect knows. */
  holder: PasswordHolder | undefined;
  pairing: PairingState['state'];
  /** The forced full pass on whose behalf the user was read. */
  fullPass: number | undefined;
  /** The connector sends passwords of inetOrgPerson objects too. */
  inetOrgPersonPasswords?: boolean;
  /** Somebody asked for this very user. */
  wanted?: boolean | undefined;
  /** The domain controller has not got all that was read before. */
  lags?: boolean;
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
  /** The tenant has a newer one. */
  | { action: 'older'; detail: string }
  /** Cannot be sent as it is. */
  | { action: 'quarantine'; status: PasswordStatus; code: string; reason: string }
  | Withdraw
  | SendPassword;
