import { type LookContext, lookAtGroups } from './look-at-groups.ts';

/**
 * Has a ledger that is new, or older or newer than the directory, know the groups that are there, as `adoptAccounts` does with people, and
 * before it: that puts down that both are done. Who is in them is learnt once their records come. Nothing may be written before it: what
 * is of a group that nobody knows, its on-premises SID say, would be taken for nobody's.
 * @throws CausewayError 'directory-unavailable'
 */
export async function adoptGroups(context: LookContext): Promise<void> {
  const { ledger, log } = context;
  if (ledger.state.get('adoptedAt')) return;
  const { adopted, missing } = await lookAtGroups(context);
  if (adopted + missing === 0) return;
  log.warn({ adopted, missing }, 'the ledger has read from the directory whose groups it holds');
}
