import type { Ledger } from '../../ledger/ledger.ts';
import type { ManagedDomain } from '../../managed-domain.ts';
import { type Slot, slotOfName, slotOfPrincipal } from '../../names/naming.ts';
import type { Person } from '../../person.ts';

export interface Called {
  samAccountName: string;
  userPrincipalName: string | null;
}

export function slotsOf({ samAccountName, userPrincipalName }: Called, realm: string): Slot[] {
  const slots = [slotOfName(samAccountName)];
  if (userPrincipalName !== null) slots.push(slotOfPrincipal(userPrincipalName, realm));
  return slots;
}

/** Records that an account's names in the directory differ from the ledger, and makes them due. */
export function touchNames(ledger: Ledger, { realm }: ManagedDomain, person: Person, called: Called): void {
  const known = ledger.names.account(person);
  if (known === undefined) return;
  const { samAccountName, userPrincipalName } = known;
  if (samAccountName === called.samAccountName && userPrincipalName === called.userPrincipalName) return;
  ledger.names.save(person, { ...known, ...called });
  ledger.names.touch(slotsOf(called, realm));
  if (samAccountName !== null) ledger.names.touch(slotsOf({ samAccountName, userPrincipalName }, realm));
}
