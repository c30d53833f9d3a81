import { comparePasswordOrder, type PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { PasswordDecision, PasswordInput } from './password-decision.ts';

/** Of whoever does not meet the condition of `scope.passwords`. */
const OUT_OF_SCOPE = 'not in the scope of passwords (scope.passwords of the configuration)';

/** How it stands with somebody whose password was withdrawn, in words for the administrator. */
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
 * Takes away what the tenant has, once: again only for a newer password order, or where it was asked for. Of somebody who never had a
 * password there is nothing to take away; of somebody whose password was never sent from here the tenant may have one all the same.
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
  // Of whoever is not in the scope nobody is told when they change their passwords.
  const told = withdrawn !== undefined && (order === acknowledged || reason === 'scope');
  return told && !isAskedFor(input)
    ? { action: 'withdrawn', reason, detail }
    : { action: 'withdraw', reason, detail, order };
}

/**
 * A temporary password is never sent. Where it took the place of another one, that one ends; the mere flag changes nothing. Where the
 * one that was kept is lost, nobody can send it again: an even older one in its place ends, too.
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
 * No password of whoever is not in the scope is sent. Where the last one is kept, and another place lost it, it ends: nobody sends it
 * again.
 */
export function decideOutOfScope(input: PasswordInput): PasswordDecision {
  const { passwords, acknowledged, withdrawn, anew } = input.holder!;
  if (passwords === 'withdrawn' || anew) return decideWithdrawal(input, 'scope');
  const isKept = acknowledged !== undefined && withdrawn === undefined;
  const stays = isKept ? '; the one that was sent last still opens the cloud (leaving: keep)' : '';
  return { action: 'note', status: 'FilteredByTarget', detail: `${OUT_OF_SCOPE}: none is sent${stays}` };
}

/** Somebody asked for this very user, another place lost the password, or a forced pass meets it for the first time. */
export function isAskedFor({ holder, fullPass, wanted }: PasswordInput): boolean {
  return wanted === true || holder!.anew || (fullPass !== undefined && holder!.fullPass !== fullPass);
}

/** @returns `acknowledged` itself where the other one is not newer */
function newer(
  order: PasswordOrder | undefined,
  acknowledged: PasswordOrder | undefined,
): PasswordOrder | undefined {
  if (order === undefined || acknowledged === undefined) return order ?? acknowledged;
  return comparePasswordOrder(order, acknowledged) > 0 ? order : acknowledged;
}
