import { randomBytes } from 'node:crypto';
import { baseDn, type DomainPlace, readDomain } from '@causeway/samba';
import { describeError, faultPoint, type Log } from '@causeway/service';
import { endUnproven, logEnded } from '../administrators/administrators.ts';
import { accountMark } from '../directory/account-mark.ts';
import { controlValues, withdrawalValues } from '../directory/attributes.ts';
import { writeInBulk } from '../directory/bulk.ts';
import { compareGenerations, type Reunion } from '../directory/compare-generations.ts';
import { beginGeneration, findGeneration } from '../directory/generations.ts';
import { LdbModify } from '../directory/ldb-modify.ts';
import { ldbSearch } from '../directory/ldb-tools.ts';
import { renderLdif } from '../directory/ldif.ts';
import { raiseRids } from '../directory/rid-pools.ts';
import { ADMINISTRATORS_GROUP, usersDn } from '../directory/structure.ts';
import type { Write, WriteResult } from '../directory/write.ts';
import { knownGeneration, readGeneration } from '../ledger/generation.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { mayBeEnabled } from '../ledger/may-be-enabled.ts';

/** Accounts of one transaction. */
const BATCH = 1000;

interface ReunionContext {
  ledger: Ledger;
  place: DomainPlace;
  log: Log;
}

/**
 * Finds out whether the ledger or the directory was lost or restored since they were last together, and has the other one not believed.
 * To be called at a start, before the domain serves anybody: who was closed after the backup of a restored directory is closed in it
 * first. Everything else comes with the feed, from its start. May be repeated: the new generation is drawn when all is done.
 */
export async function reunite(context: ReunionContext): Promise<Reunion> {
  const { ledger, place, log } = context;
  const found = await findGeneration(place);
  const reunion = compareGenerations(knownGeneration(ledger.state), readGeneration(found ?? ''));
  if (reunion === 'directory-older') {
    log.error('the directory is older than the ledger: everything is written to it anew');
    await closeAgain(context);
    await raiseRids(ledger, place);
    faultPoint('domain.within-reunion');
  }
  if (reunion !== 'together') {
    const members = reunion === 'ledger-older' ? await administratorsThere(place) : undefined;
    ledger.transaction(() => {
      if (reunion === 'directory-older') ledger.accounts.nothingIsWritten();
      if (members) logEnded(log, endUnproven(ledger, members));
      startOver(ledger);
      const detail = reunion === 'directory-older' ? 'the directory is older' : 'the ledger is older';
      ledger.audit.add({ action: 'reunite', subject: readDomain(place).realm, detail });
    });
    if (reunion === 'ledger-older')
      log.warn('the ledger is older than the directory: its accounts are taken over, the feed is read anew');
  }
  await beginGeneration(ledger, place, found);
  return reunion;
}

/** The feed is read from its start, and what counts only after that counts no more until then. In the caller's transaction. */
function startOver({ state, heads }: Ledger): void {
  state.set('cursor', '');
  state.set('adoptedAt', '');
  state.drop('caughtUpAt');
  heads.forgetComparisons();
}

/** Closes in the database whoever is closed by the ledger's word: disabled, blocked, without a password, or deleted. */
async function closeAgain({ ledger, place, log }: ReunionContext): Promise<void> {
  const there = await accountsThere(place);
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
  const ldbModify = new LdbModify(place);
  const one = (write: Write): Promise<WriteResult> => writeOne(ldbModify, write);
  const slow = (users: number, reason: string) => log.warn({ users, reason }, 'closed one by one');
  for (let at = 0; at < writes.length; at += BATCH) {
    const results = await writeInBulk(ldbModify, writes.slice(at, at + BATCH), one, slow);
    for (const result of results)
      if (!result.ok)
        log.error({ reason: result.reason }, 'an account that is closed is not so in the directory');
  }
  log.info({ accounts: writes.length }, 'closed in the directory before it serves');
}

async function writeOne(ldbModify: LdbModify, write: Write): Promise<WriteResult> {
  try {
    await ldbModify.write(renderLdif([write]).ldif);
    return { ok: true };
  } catch (error) {
    return { ok: false, gone: false, reason: describeError(error) };
  }
}

/** objectGUIDs of all accounts of people. */
async function accountsThere(place: DomainPlace): Promise<ReadonlySet<string>> {
  const filter = '(&(objectCategory=person)(objectClass=user))';
  const found = await ldbSearch(place, baseDn(readDomain(place)), { filter }, ['objectGUID']);
  return new Set(found.map(object => object.get('objectGUID')![0]!));
}

/** objectGUIDs of the members of the administrators' group. */
async function administratorsThere(place: DomainPlace): Promise<ReadonlySet<string>> {
  const search = { scope: 'one', filter: `(cn=${ADMINISTRATORS_GROUP})`, controls: ['extended_dn:1:1'] };
  const [group] = await ldbSearch(place, usersDn(readDomain(place)), search, ['member']);
  const members = group?.get('member') ?? [];
  return new Set(members.flatMap(member => /^<GUID=([0-9a-f-]{36})>/i.exec(member)?.[1] ?? []));
}
