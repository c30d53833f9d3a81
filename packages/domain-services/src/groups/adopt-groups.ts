import { type LookContext, lookAtGroups } from './look-at-groups.ts';

/**
 * Makes a ledger that is new, or older or newer than the directory, know the groups there, as `adoptAccounts` does with users. It runs
 * before `adoptAccounts`, which records that both are done. Members become known once their records come. Nothing may be written before:
 * whatever belongs to an unknown group, such as its on-premises SID, would seem to belong to nobody.
 * @throws CausewayError 'directory-unavailable'
 */
export async function adoptGroups(context: LookContext): Promise<void> {
  const { ledger, log } = context;
  if (ledger.state.get('adoptedAt')) return;
  const { adopted, missing } = await lookAtGroups(context);
  if (adopted + missing === 0) return;
  log.warn({ adopted, missing }, "the groups of ledger and directory differed; adopted the directory's");
}
