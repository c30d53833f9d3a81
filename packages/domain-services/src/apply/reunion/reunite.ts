import { randomBytes } from 'node:crypto';
import { faultPoint, type Log } from '@causeway/service';
import { endUnproven, logEnded } from '../../administrators/administrators.ts';
import { accountMark } from '../../directory/account-mark.ts';
import { controlValues, withdrawalValues } from '../../directory/attributes.ts';
import type { DatabaseAtRest } from '../../directory/database-at-rest.ts';
import { compareGenerations, type Reunion } from '../../directory/generations/compare-generations.ts';
import { knownGeneration, readGeneration } from '../../directory/generations/generation.ts';
import { beginGeneration } from '../../directory/generations/generations.ts';
import type { Write } from '../../directory/write.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { mayBeEnabled } from '../../ledger/may-be-enabled.ts';
import { closeGroups } from './close-groups.ts';

/** Accounts per transaction. */
const BATCH = 1000;

interface ReunionContext {
  ledger: Ledger;
  database: DatabaseAtRest;
  log: Log;
}

/**
 * Finds out whether the ledger or the directory was lost or restored since they were last together, and stops trusting what is out of date.
 * Call this at a start, before the domain serves anybody. In a restored directory it first closes the accounts that were closed after the
 * backup, and removes the group members that were removed. Everything else comes with the feed, from its start. May be repeated: the new
 * generation is drawn when all is done.
 */
export async function reunite(context: ReunionContext): Promise<Reunion> {
  const { ledger, database, log } = context;
  const found = await database.generation();
  const reunion = compareGenerations(knownGeneration(ledger.state), readGeneration(found ?? ''));
  if (reunion === 'directory-older') {
    log.error('the directory is older than the ledger; writing everything anew');
    await closeAgain(context);
    await closeGroups(context);
    await database.raiseRids(ledger);
    faultPoint('domain.within-reunion');
  }
  if (reunion !== 'together') {
    const members =
      reunion === 'ledger-older'
        ? ((await database.administrators())?.members ?? new Set<string>())
        : undefined;
    ledger.transaction(() => {
      if (reunion === 'directory-older') {
        ledger.accounts.nothingIsWritten();
        ledger.managers.nothingIsWritten();
        // The keeper's first comparison finds the missing members.
        ledger.groups.nothingIsWritten();
      }
      if (members) logEnded(log, endUnproven(ledger, members));
      startOver(ledger);
      const detail = reunion === 'directory-older' ? 'the directory is older' : 'the ledger is older';
      ledger.audit.add({ action: 'reunite', subject: database.realm, detail });
    });
    if (reunion === 'ledger-older')
      log.warn(
        'the ledger is older than the directory; adopting its accounts and reading the feed from its start',
      );
  }
  await beginGeneration(ledger, database, found);
  return reunion;
}

/** Has the feed read from its start, and resets what counts only after that. Runs in the caller's transaction. */
function startOver({ state, heads }: Ledger): void {
  state.set('cursor', '');
  state.set('adoptedAt', '');
  state.drop('caughtUpAt');
  // An older ledger does not know everybody whose on-premises SIDs are in the directory, so it learns them again.
  state.drop('shadowsLearnt');
  heads.forgetComparisons();
}

/** Closes in the database the accounts that the ledger has as closed: disabled, blocked, without a password, or deleted. */
async function closeAgain({ ledger, database, log }: ReunionContext): Promise<void> {
  const there = await database.people();
  const now = ledger.now();
  const writes: Write[] = [];
  for (const entry of ledger.accounts.allEver()) {
    const guid = entry.managedGuid ?? entry.lastManagedGuid;
    const block = ledger.blocks.of(entry);
    if (guid === null || !there.has(guid) || mayBeEnabled(entry, block)) continue;
    const noPassword = entry.withdrawn ? withdrawalValues(now, randomBytes) : {};
    const values = { ...controlValues(false), ...accountMark(entry, block), ...noPassword };
    writes.push({ kind: 'modify', guid, values });
  }
  const slow = (users: number, reason: string) =>
    log.warn({ users, reason }, 'cannot disable accounts in one batch; disabling them one by one');
  for (let at = 0; at < writes.length; at += BATCH) {
    const results = await database.write(writes.slice(at, at + BATCH), slow);
    for (const result of results)
      if (!result.ok) log.error({ reason: result.reason }, 'cannot disable an account in the directory');
  }
  log.info({ accounts: writes.length }, 'disabled accounts before the domain serves');
}
