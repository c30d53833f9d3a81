import type { AdministratorCandidate, Done } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Proposal } from '../ledger/administrator-book.ts';
import { peopleMeant, requireOne, shownAccount, unknownUser } from '../ledger/find-person.ts';
import { nameOf } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../person.ts';
import { auditAdministrator, isLive } from './administrators.ts';

export const TENANT_ADMINISTERS =
  'the tenant sets the password of a cloud-only person and can sign in as them, so the tenant then administers the domain';

/**
 * Finds the user who is meant, and checks that they can be accepted.
 * @throws CausewayError 'no-such-user', 'several-users', 'not-proposed' or 'cloud-only'
 */
export function findCandidate(
  ledger: Ledger,
  { user, forest, cloudOnly }: { user: string; forest?: string | undefined; cloudOnly: boolean },
): AdministratorCandidate {
  const entry = requireOne(user, peopleMeant(ledger, user, forest).filter(isLive), describe);
  if (entry) return { entry: shownAccount(entry), proposal: requireAcceptable(ledger, entry, cloudOnly) };
  throw unknownUser(user, forest);
}

/**
 * Accepts exactly the object that was shown.
 * @throws CausewayError 'other-object' when the user is another object now, 'not-proposed' or 'cloud-only'
 */
export function acceptAdministrator(
  ledger: Ledger,
  shown: Person & { objectGuid: string; cloudOnly: boolean },
): Done {
  return ledger.transaction(() => {
    const entry = ledger.accounts.of(shown);
    if (!entry || !isLive(entry) || entry.objectGuid !== shown.objectGuid) {
      const text = `${shown.anchor} of ${shown.forest} is not the object ${shown.objectGuid} any more`;
      throw new CausewayError('other-object', text);
    }
    const proposal = requireAcceptable(ledger, entry, shown.cloudOnly);
    const at = ledger.timestamp();
    const { objectGuid } = entry;
    const name = nameOf(entry);
    ledger.administrators.save({ ...proposal, accepted: { objectGuid, name, at } });
    auditAdministrator(ledger, 'accept-administrator', { ...entry, name });
    return { message: `accepted as an administrator of the managed domain: ${describe(entry)}` };
  });
}

/**
 * Takes an acceptance back. The tenant's proposal stays, so the user can be accepted again.
 * @throws CausewayError 'not-accepted' or 'several-users'
 */
export function removeAdministrator(
  ledger: Ledger,
  who: { user: string; forest?: string | undefined },
): Done {
  return ledger.transaction(() => {
    const accepted = peopleMeant(ledger, who.user, who.forest).filter(
      one => ledger.administrators.get(one)?.accepted != null,
    );
    const entry = requireOne(who.user, accepted, describe);
    const proposal = entry && ledger.administrators.get(entry);
    if (!entry || !proposal?.accepted) {
      const text = `'${who.user}' is no accepted administrator`;
      throw new CausewayError('not-accepted', text);
    }
    ledger.administrators.save({ ...proposal, accepted: null });
    auditAdministrator(ledger, 'remove-administrator', { ...proposal, ...proposal.accepted });
    return { message: `not an administrator of the managed domain any more: ${describe(entry)}` };
  });
}

function requireAcceptable(ledger: Ledger, entry: LedgerEntry, cloudOnly: boolean): Proposal {
  const proposal = ledger.administrators.get(entry);
  if (!proposal) {
    const text = `the tenant does not propose ${describe(entry)} as an administrator`;
    throw new CausewayError('not-proposed', text);
  }
  if (entry.forest === CLOUD_FOREST && !cloudOnly) {
    const text = `${nameOf(entry)} is a cloud-only user: ${TENANT_ADMINISTERS}`;
    throw new CausewayError('cloud-only', text);
  }
  return proposal;
}

const describe = (entry: LedgerEntry): string =>
  `${nameOf(entry)} (${entry.anchor} of ${entry.forest}, objectGUID ${entry.objectGuid})`;
