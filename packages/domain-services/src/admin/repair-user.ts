import type { Done } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { peopleMeant, requireOne, unknownUser } from '../ledger/find-person.ts';
import { nameOf } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { describePerson } from '../person.ts';

/**
 * Repairs an account that somebody disabled, deleted or gave an earlier expiry date by hand in the managed domain.
 * @throws CausewayError 'no-such-user', 'several-users' or 'not-closed-by-hand'
 */
export function repairUser(
  ledger: Ledger,
  { user, forest, by }: { user: string; forest?: string | undefined; by?: string | undefined },
): Done {
  const people = peopleMeant(ledger, user, forest);
  const closed = people.filter(one => ledger.byHand.of(one) !== undefined);
  const person = requireOne(user, closed, one => describePerson(nameOf(one), one));
  const [known] = people;
  if (known === undefined) throw unknownUser(user, forest);
  if (person === undefined) {
    const text = `no account of '${user}' is known to be disabled, deleted or expired by hand`;
    throw new CausewayError('not-closed-by-hand', text);
  }
  const { what } = ledger.byHand.of(person)!;
  ledger.transaction(() => {
    ledger.byHand.repair(person);
    const detail = `of ${person.forest}, ${what} by hand; by ${by ?? 'somebody on this machine'}`;
    ledger.audit.add({ action: 'repair', subject: person.anchor, detail });
  });
  const how = what === 'deleted' ? 'brought back' : 'as its forest says';
  const name = describePerson(nameOf(person), person);
  return { message: `the account of ${name} was ${what} by hand; the service makes it ${how}` };
}
