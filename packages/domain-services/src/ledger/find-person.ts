import type { ManagedAccount } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { Person } from '../person.ts';
import type { LedgerEntry } from './account-book.ts';
import type { Ledger } from './ledger.ts';

const HOW_TO_NAME = 'a userPrincipalName, a name in the managed domain or a source anchor expected';
/** How many users are considered for one name. */
const MAX_NAMESAKES = 1000;
/** How many users an error names. */
const NAMED = 10;

/**
 * The user whom an administrator who only looks means by a source anchor or a name. Of several with one name it takes the likeliest.
 * @param forest narrows both
 * @throws CausewayError 'several-users' if an anchor is ambiguous
 */
export function seekPerson(ledger: Ledger, text: string, forest?: string): LedgerEntry | undefined {
  return onlyOne(ledger.accounts.withAnchor(text), forest) ?? ledger.accounts.withName(text, forest);
}

/** An entry as it is shown, without the ledger's internal fields. */
export const shownAccount = ({
  accountDigest: _account,
  credentialDigest: _credential,
  accountExpires: _expires,
  ...shown
}: LedgerEntry): ManagedAccount => shown;

export function unknownUser(text: string, forest?: string, more = ''): CausewayError {
  const where = forest === undefined ? 'here' : `here of ${forest}`;
  const message = `no user '${text}' was written ${where}: ${HOW_TO_NAME}${more}`;
  return new CausewayError('no-such-user', message);
}

/** Every user whom a source anchor or a name may mean. A text that is an anchor, one user's in each forest, is not taken for a name. */
export function peopleMeant(ledger: Ledger, text: string, forest?: string): LedgerEntry[] {
  const byAnchor = ledger.accounts
    .withAnchor(text)
    .filter(one => forest === undefined || one.forest === forest);
  return byAnchor.length > 0 ? byAnchor : ledger.accounts.named(text, MAX_NAMESAKES, forest);
}

/**
 * The one user who is meant by a command that changes something.
 * @throws CausewayError 'several-users' that lists the candidates
 */
export function requireOne<One extends Person>(
  text: string,
  people: readonly One[],
  describe: (one: One) => string,
): One | undefined {
  if (people.length < 2) return people[0];
  const more = people.length > NAMED ? `; and ${people.length - NAMED} more` : '';
  const list = people.slice(0, NAMED).map(describe).join('; ');
  throw new CausewayError('several-users', `'${text}' may be any of these: ${list}${more}`);
}

/**
 * The user of a forest among those with one anchor; without a forest, the only one. Undefined if there is none.
 * @throws CausewayError 'several-users'
 */
export function onlyOne<One extends Person>(people: readonly One[], forest?: string): One | undefined {
  const meant = people.filter(one => forest === undefined || one.forest === forest);
  if (meant.length < 2) return meant[0];
  const forests = meant.map(one => `--forest '${one.forest}'`).join(', ');
  throw new CausewayError(
    'several-users',
    `the source anchor '${meant[0]!.anchor}' is in ${meant.length} forests, of another person in each: say which one is meant (${forests})`,
  );
}
