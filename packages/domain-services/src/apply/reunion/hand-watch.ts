import type { Log } from '@causeway/service';
import { controlValues, type Values } from '../../directory/attributes.ts';
import type { SeenAccount } from '../../directory/found-accounts.ts';
import type { ManagedDirectory } from '../../directory/managed-directory.ts';
import type { WriteResult } from '../../directory/write.ts';
import type { LedgerEntry } from '../../ledger/account-book.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { mayBeEnabled } from '../../ledger/may-be-enabled.ts';
import type { ManagedDomain } from '../../managed-domain.ts';
import type { Person } from '../../person.ts';
import { touchNames } from '../names/touch-names.ts';
import { forgotten } from '../plan.ts';
import { type ByHand, decideByHand } from './decide-by-hand.ts';

/** How many accounts one look compares, with one search. */
const SLICE = 200;
const PAUSE_MS = 100;
const INTERVAL_MS = 60 * 60_000;

export interface HandWatchOptions {
  ledger: Ledger;
  directory: Pick<ManagedDirectory, 'see' | 'ensure' | 'rename' | 'users'>;
  domain: ManagedDomain;
  log: Log;
}

/**
 * Compares the accounts with the ledger, slice by slice, at the start and every hour, because somebody may have changed them by hand. It
 * undoes at once what opens an account. It reports what closes one, and undoes that when an administrator asks. Use it only while no page
 * is written.
 */
export class HandWatch {
  readonly #options: HandWatchOptions;
  #after: Person | undefined;
  #nextAt = 0;

  constructor(options: HandWatchOptions) {
    this.#options = options;
  }

  /** When `look` is due next, in milliseconds since 1970. */
  next(): number {
    return this.#options.ledger.byHand.isRepairDue() ? 0 : this.#nextAt;
  }

  /**
   * Repairs what an administrator asked for, and compares the next accounts when that is due.
   * @returns whether the feed must be read from its start, because records must be written again
   * @throws CausewayError 'directory-unavailable'
   */
  async look(): Promise<boolean> {
    const { ledger, directory } = this.#options;
    const repaired = await this.#repair();
    const now = ledger.clock.now();
    if (now < this.#nextAt) return repaired;
    const entries = ledger.accounts.managedAfter(this.#after, SLICE);
    const guids = entries.map(({ managedGuid }) => managedGuid!);
    const seen = guids.length > 0 ? await directory.see(guids) : new Map<string, SeenAccount>();
    let again = repaired;
    for (const entry of entries) {
      // Its state is not known yet, or is about to be written.
      if (entry.accountSequence === null || ledger.blocks.known(entry)?.applied === false) continue;
      const enabled = mayBeEnabled(entry, ledger.blocks.of(entry));
      const found = decideByHand(entry, seen.get(entry.managedGuid!), enabled, directory.users);
      this.#tell(entry, found);
      if (await this.#putRight(entry, found, seen)) again = true;
    }
    const last = entries.length < SLICE ? undefined : entries.at(-1);
    this.#after = last;
    this.#nextAt = now + (last ? PAUSE_MS : INTERVAL_MS);
    return again;
  }

  #tell(entry: LedgerEntry, { closed }: ByHand): void {
    const { ledger, log } = this.#options;
    const { forest, anchor } = entry;
    if (closed === undefined) {
      ledger.byHand.clear(entry);
      return;
    }
    if (ledger.byHand.note(entry, closed, ledger.timestamp()))
      log.warn({ forest, anchor }, `the account was ${closed} by hand; see causeway domain status`);
  }

  /** @returns whether a record must be written again */
  async #putRight(
    entry: LedgerEntry,
    found: ByHand,
    seen: ReadonlyMap<string, SeenAccount>,
  ): Promise<boolean> {
    const { ledger, directory, domain } = this.#options;
    const guid = entry.managedGuid!;
    if (found.password) {
      // Nobody signs in until its own password is written again.
      ledger.accounts.save({ ...entry, hasCredential: false, withdrawn: false });
      this.#note(entry, 'its password was set', await directory.ensure(guid, controlValues(false)));
    } else if (found.state) {
      this.#note(entry, 'it was enabled or its flags were set', await directory.ensure(guid, found.state));
    }
    if (found.prolonged)
      this.#note(
        entry,
        'its expiry date was set later or taken away',
        await directory.ensure(guid, expiryValues(entry)),
      );
    if (found.renamed) {
      const { samAccountName, userPrincipalName = null } = seen.get(guid)!;
      ledger.transaction(() => touchNames(ledger, domain, entry, { samAccountName, userPrincipalName }));
      this.#note(entry, 'it was renamed', { ok: true });
    }
    if (found.moved) {
      const name = seen.get(guid)!.samAccountName;
      this.#note(entry, 'it was moved', await directory.rename(guid, name, name));
    }
    return found.password;
  }

  #note({ forest, anchor }: LedgerEntry, what: string, result: WriteResult): void {
    const { ledger, log } = this.#options;
    if (result.ok) {
      ledger.audit.add({ action: 'put-right', subject: anchor, detail: `of ${forest}: ${what} by hand` });
      log.warn({ forest, anchor }, `${what} by hand; corrected it`);
    } else log.warn({ forest, anchor, reason: result.reason }, `${what} by hand; cannot correct it yet`);
  }

  async #repair(): Promise<boolean> {
    const { ledger, directory, log } = this.#options;
    let again = false;
    for (const { forest, anchor, what } of ledger.byHand.repairs()) {
      const person = { forest, anchor };
      const entry = ledger.accounts.of(person);
      if (entry?.managedGuid != null) {
        const enabled = mayBeEnabled(entry, ledger.blocks.of(entry));
        const result = await directory.ensure(entry.managedGuid, {
          ...controlValues(enabled),
          ...expiryValues(entry),
        });
        if (!result.ok && !result.gone) {
          log.warn({ ...person, reason: result.reason }, 'cannot repair an account yet');
          ledger.byHand.postpone(person);
          continue;
        }
        if (!result.ok) {
          // Its records bring it back, with its SID while the directory has its tombstone.
          ledger.accounts.save(forgotten(entry));
          again = true;
        }
      }
      ledger.byHand.clear(person);
      log.info({ ...person, what }, 'repaired an account');
    }
    return again;
  }
}

const expiryValues = ({ accountExpires }: LedgerEntry): Values =>
  accountExpires === null ? {} : { accountExpires: [accountExpires] };
