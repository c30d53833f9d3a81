import { comparePasswordOrder, type PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { PasswordDecision, PasswordInput } from './password-decision.ts';

/** For users who do not meet the condition of `scope.passwords`. */
const OUT_OF_SCOPE = 'not in the scope of passwords (scope.passwords of the configuration)';

/** The state of a user whose password was withdrawn, in words for the administrator. */
const DETAILS: Record<WithdrawalReason, string> = {
  'must-change':
    'withdrawn: the user must change password at next logon; no password opens anything in the cloud until then',
  'smart-card':
    'withdrawn: the account signs in by smart card only (userAccountControl); no password of it is sent or opens anything in the cloud',
  'empty-password':
    'withdrawn: the account has an empty password, which is never sent: set another one, or let its user change it',
  scope: `${OUT_OF_SCOPE}; no password of the account is sent or opens anything in the cloud`,
};

/**
 * Withdraws the tenant's password once; again only for a newer password order or on request. A user who never had a password needs no
 * withdrawal. If this Connect never sent a password, the tenant may still have one.
 */
export function decideWithdrawal(
  input: PasswordInput,
  reason: WithdrawalReason,
  detail: string = DETAILS[reason],
): PasswordDecision {
  const { user, holder } = input;
  const { acknowledged, withdrawn } = holder!;
  const order = newer(user.passwordOrder, acknowledged);
  if (order === undefined) return { action: 'withdrawn', reason, detail };
  // A user outside the scope gets no new withdrawal when they change their password.
  const told = withdrawn !== undefined && (order === acknowledged || reason === 'scope');
  return told && !isAskedFor(input)
    ? { action: 'withdrawn', reason, detail }
    : { action: 'withdraw', reason, detail, order };
}

/**
 * A temporary password is never sent. If it replaced another password, that one is withdrawn; the flag alone changes nothing. If another
 * place lost the password that was kept, nobody can send it again, so an even older one there is withdrawn too.
 */
export function decideTemporary(input: PasswordInput, isSame: boolean = false): PasswordDecision {
  const waits = 'waits: the user must change password at next logon';
  if (input.temporaryPasswords === 'keep' && !input.holder!.anew) {
    const detail = `${waits} (a temporary password is not sent); the password that was sent last still opens the cloud (temporaryPasswords: keep)`;
    return { action: 'wait', detail };
  }
  if (isSame && input.holder!.withdrawn === undefined) {
    const detail = `${waits}; it is no other password than before, which still opens the cloud until then`;
    return { action: 'wait', detail };
  }
  return decideWithdrawal(input, 'must-change');
}

/**
 * Sends no password of a user outside the scope. If the last one is kept and another place lost it, it is withdrawn, because nobody can
 * send it again.
 */
export function decideOutOfScope(input: PasswordInput): PasswordDecision {
  const { passwords, acknowledged, withdrawn, anew } = input.holder!;
  if (passwords === 'withdrawn' || anew) return decideWithdrawal(input, 'scope');
  const isKept = acknowledged !== undefined && withdrawn === undefined;
  const stays = isKept ? '; the one that was sent last still opens the cloud (leaving: keep)' : '';
  return { action: 'note', status: 'FilteredByTarget', detail: `${OUT_OF_SCOPE}: none is sent${stays}` };
}

/** Whether somebody asked for this user, another place lost the password, or a forced pass meets the user for the first time. */
export function isAskedFor({ holder, fullPass, wanted }: PasswordInput): boolean {
  return wanted === true || holder!.anew || (fullPass !== undefined && holder!.fullPass !== fullPass);
}

/** @returns `acknowledged` itself if the other one is not newer */
function newer(
  order: PasswordOrder | undefined,
  acknowledged: PasswordOrder | undefined,
): PasswordOrder | undefined {
  if (order === undefined || acknowledged === undefined) return order ?? acknowledged;
  return comparePasswordOrder(order, acknowledged) > 0 ? order : acknowledged;
}
