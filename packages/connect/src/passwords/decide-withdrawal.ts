import { comparePasswordOrder, type PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { PasswordDecision, PasswordInput } from './password-decision.ts';

/** How it stands with somebody whose password was withdrawn, in words for the administrator. */
const DETAILS: Record<Exclude<WithdrawalReason, 'scope'>, string> = {
  'must-change':
    'withdrawn: the user must change password at next logon; no password opens anything in the cloud until then',
  'smart-card':
    'withdrawn: the account signs in by smart card only (userAccountControl); no password of it is sent or opens anything in the cloud',
  'empty-password':
    'withdrawn: the account has an empty password, which is never sent: set another one, or let its user change it',
};

/**
 * Takes away what the tenant has, once: again only for a newer password order, or where it was asked for. Of somebody who never had a
 * password there is nothing to take away; of somebody whose password was never sent from here the tenant may have one all the same.
 */
export function decideWithdrawal(
  input: PasswordInput,
  reason: Exclude<WithdrawalReason, 'scope'>,
  detail: string = DETAILS[reason],
): PasswordDecision {
  const { user, holder } = input;
  const { acknowledged, withdrawn } = holder!;
  const order = newer(user.passwordOrder, acknowledged);
  if (order === undefined) return { action: 'withdrawn', reason, detail };
  const told = withdrawn !== undefined && order === acknowledged;
  return told && !isAskedFor(input)
    ? { action: 'withdrawn', reason, detail }
    : { action: 'withdraw', reason, detail, order };
}

/**
 * A temporary password is never sent. Where it took the place of another one, that one ends; the mere flag changes nothing. Where the
 * one that was kept is lost, nobody can send it again: an even older one in its place ends, too.
 */
export function decideTemporary(input: PasswordInput, comparison: number): PasswordDecision {
  const waits = 'waits: the user must change password at next logon';
  if (input.temporaryPasswords === 'keep' && !input.holder!.anew) {
    const detail = `${waits} (a temporary password is not sent); the password that was sent last still opens the cloud (temporaryPasswords: keep)`;
    return { action: 'wait', detail };
  }
  if (comparison === 0 && input.holder!.withdrawn === undefined) {
    const detail = `${waits}; it is no other password than before, which still opens the cloud until then`;
    return { action: 'wait', detail };
  }
  return decideWithdrawal(input, 'must-change');
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
