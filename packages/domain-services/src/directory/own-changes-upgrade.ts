import { describeError, every, type Log, type Service } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Person } from '../person.ts';
import type { ManagedDirectory } from './managed-directory.ts';

/** Between two accounts: what comes from the tenant goes first. */
const PAUSE_MS = 50;
/** Until those that could not be written are tried again. */
const AGAIN_MS = 60_000;

export interface OwnChangesUpgradeOptions {
  ledger: Ledger;
  directory: ManagedDirectory;
  log: Log;
  domainWhenUp: (signal: AbortSignal) => Promise<ManagedDomain | undefined>;
}

/**
 * Gives accounts that were made before own changes were refused here the denial of them, one after the other. What is left is a list
 * in the ledger: a kill only repeats one.
 */
export class OwnChangesUpgrade implements Service {
  readonly name = 'own changes';
  readonly #options: OwnChangesUpgradeOptions;

  constructor(options: OwnChangesUpgradeOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, ledger } = this.#options;
    await domainWhenUp(signal);
    await every(AGAIN_MS, signal, () => this.#round(signal), { clock: ledger.clock });
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { ledger, log } = this.#options;
    const count = ledger.ownChanges.waiting();
    if (count > 0)
      log.info({ accounts: count }, 'accounts from before get the denial of own password changes');
    let person = ledger.ownChanges.after();
    for (; person !== undefined && !signal.aborted; person = ledger.ownChanges.after(person)) {
      try {
        await this.#one(person);
      } catch (error) {
        log.warn({ ...person, err: describeError(error) }, 'its own changes are not refused yet');
      }
      await ledger.clock.sleep(PAUSE_MS, signal);
    }
  }

  async #one(person: Person): Promise<void> {
    const { ledger, directory, log } = this.#options;
    const entry = ledger.accounts.of(person);
    // It is being made, or was and is not known yet: later.
    if (entry?.nonce != null && entry.managedGuid === null) return;
    if (entry?.managedGuid != null) {
      const result = await directory.denyOwnChange(entry.managedGuid);
      if (!result.ok && !result.gone) {
        log.warn({ ...person, reason: result.reason }, 'its own changes are not refused yet');
        return;
      }
    }
    ledger.ownChanges.done(person);
  }
}
