import type { ConnectorContext } from '../../context.ts';
import { isInetOrgPerson, userAccountControl } from '../../objects/decide-account.ts';
import { WHY_NO_PASSWORD } from '../../scope/rules.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import { isSmartCardOnly } from '../../user-account-control.ts';

/** Whether Connect sends a user's password, and in words why. The user's state comes before the scope. */
export function passwordScopeSays(
  { store, connector }: ConnectorContext,
  object: SpaceObject,
): { isSent: boolean; says: string } {
  const not = (why: string) => ({ isSent: false, says: `not sent: ${why}` });
  const { passwords, withdrawing } = object;
  if (object.desiredDigest === undefined) return not('not synchronized');
  if (isInetOrgPerson(object) && !connector.inetOrgPersonPasswords)
    return not('an inetOrgPerson (inetOrgPersonPasswords of the connector is off)');
  if (isSmartCardOnly(userAccountControl(object.attributes))) return not('signs in by smart card only');
  const untilApproved = `until you let its withdrawal go (causeway connect deletions --connector '${store.name}')`;
  const out = `not in the scope of passwords: ${WHY_NO_PASSWORD}`;
  if (passwords === 'withdrawn') return not(out);
  if (passwords === 'kept')
    return not(
      `${out}; what was sent last stays ${withdrawing === 'no' ? 'in the cloud (leaving: keep)' : untilApproved}`,
    );
  if (withdrawing !== 'no') return { isSent: true, says: `sent ${untilApproved}: ${WHY_NO_PASSWORD}` };
  const isAsked = store.rules.get().passwords !== undefined;
  const why = isAsked ? 'the condition for passwords is met' : 'the scope names no condition for passwords';
  return { isSent: true, says: `sent: ${why}` };
}
