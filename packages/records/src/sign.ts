import { signEnvelope } from './envelope.ts';
import { ACCOUNT, type AccountFields } from './kinds/account.ts';
import { GROUP, type GroupFields } from './kinds/group.ts';
import { HEAD, type HeadFields } from './kinds/head.ts';
import type { SignedKind } from './kinds/kind.ts';
import { MEMBERS, type MembersFields } from './kinds/members.ts';
import { RECEIPT, type ReceiptFields } from './kinds/receipt.ts';
import { WITHDRAWAL, type WithdrawalFields } from './kinds/withdrawal.ts';
import { encodePayload } from './payload.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * Signs the members of the kind, and leaves out other fields.
 *
 * @throws RangeError that names the field which is not as documented
 */
export function sign<T extends Readonly<Record<string, unknown>>>(
  key: SigningKey,
  kind: SignedKind<string, T>,
  fields: T,
): string {
  return signEnvelope(key, kind, encodePayload(kind, fields));
}

/** @throws RangeError that names the field which is not as documented */
export function signAccountRecord(key: SigningKey, fields: AccountFields): string {
  return sign(key, ACCOUNT, fields);
}

/** @throws RangeError that names the field which is not as documented */
export function signWithdrawal(key: SigningKey, fields: WithdrawalFields): string {
  return sign(key, WITHDRAWAL, fields);
}

/** @throws RangeError that names the field which is not as documented */
export function signGroupRecord(key: SigningKey, fields: GroupFields): string {
  return sign(key, GROUP, fields);
}

/** @throws RangeError that names the field which is not as documented, or for more members than a record can hold (`divideMembers`) */
export function signMembers(key: SigningKey, fields: MembersFields): string {
  return sign(key, MEMBERS, fields);
}

/** @throws RangeError that names the field which is not as documented */
export function signHead(key: SigningKey, fields: HeadFields): string {
  return sign(key, HEAD, fields);
}

/** @throws RangeError that names the field which is not as documented */
export function signReceipt(key: SigningKey, fields: ReceiptFields): string {
  return sign(key, RECEIPT, fields);
}
