import type { Done } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { onlyOne } from '../ledger/find-person.ts';
import type { Ledger } from '../ledger/ledger.ts';

/**
 * Accepts exactly what was shown: the moved anchor or the older password of the waiting record.
 * @throws CausewayError 'nothing-to-accept', or 'several-users' when users of several forests have the anchor
 */
export function acceptUser(ledger: Ledger, anchor: string, forest?: string): Done {
  const acceptables = ledger.problems.withAnchor(anchor).filter(({ acceptable }) => acceptable !== null);
  const known = [...ledger.accounts.withAnchor(anchor), ...ledger.groups.withAnchor(anchor), ...acceptables];
  const person = onlyOne([...new Map(known.map(one => [one.forest, one])).values()], forest);
  const entry = person && ledger.accounts.of(person);
  const group = person && ledger.groups.of(person);
  // A moved anchor comes first, because the password order restarts with it.
  const waiting = acceptables
    .filter(problem => problem.forest === person?.forest)
    .sort((a, b) => a.kind.localeCompare(b.kind))[0];
  if (!waiting || !(entry || group)) {
    const whose = `'${anchor}'${forest === undefined ? '' : ` of ${forest}`}`;
    throw new CausewayError('nothing-to-accept', `nothing of ${whose} waits to be accepted`);
  }
  const { acceptable } = waiting;
  ledger.transaction(() => {
    if (entry) ledger.accounts.save({ ...entry, accepted: acceptable });
    else ledger.groups.save({ ...group!, accepted: acceptable });
    ledger.state.set('cursor', '');
    const detail = `of ${waiting.forest}: ${waiting.code}: ${acceptable}`;
    ledger.audit.add({ action: 'accept', subject: anchor, detail });
  });
  return { message: `accepted for '${anchor}' of ${waiting.forest}: ${waiting.code}, ${acceptable}` };
}
