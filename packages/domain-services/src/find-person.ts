import { CausewayError } from '@causeway/service';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { Person } from './person.ts';

/**
 * Whom an administrator means by a source anchor or a name.
 * @param forest narrows both
 * @throws CausewayError 'unknown-user', or 'several-forests' for an anchor that does not say enough
 */
export function findPerson(ledger: Ledger, text: string, forest?: string): LedgerEntry {
  const entry = onlyOne(ledger.withAnchor(text), forest) ?? ledger.withName(text, forest);
  if (entry) return entry;
  const where = forest === undefined ? 'here' : `here of ${forest}`;
  throw new CausewayError(
    'unknown-user',
    `no user '${text}' was written ${where}: give a userPrincipalName, a name in the managed domain or a source anchor`,
    { status: 404 },
  );
}

/**
 * The one of a forest among people of one anchor; without a forest, the only one. Undefined where there is none.
 * @throws CausewayError 'several-forests'
 */
export function onlyOne<One extends Person>(people: readonly One[], forest?: string): One | undefined {
  const meant = people.filter(one => forest === undefined || one.forest === forest);
  if (meant.length < 2) return meant[0];
  const forests = meant.map(one => `--forest '${one.forest}'`).join(', ');
  throw new CausewayError(
    'several-forests',
    `the source anchor '${meant[0]!.anchor}' is in ${meant.length} forests, of another person in each: say which one is meant (${forests})`,
    { status: 409 },
  );
}
