import { describeError, every, type Service } from '@causeway/service';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { DueAccounts } from '../ledger/due-accounts.ts';
import type { Person } from '../person.ts';
import type { KeeperContext } from './keep-directory.ts';
import type { WriteResult } from './write.ts';

/** Pause between two accounts, so that changes from the tenant go first. */
const PAUSE_MS = 50;
/** Delay before accounts that could not be written are retried. */
const AGAIN_MS = 60_000;

export interface AccountUpgradeOptions extends Omit<KeeperContext, 'directory'> {
  name: string;
  /** Which accounts lack something, what that is, and how to write it to one of them. */
  due: DueAccounts;
  what: string;
  write: (account: LedgerEntry & { managedGuid: string }) => Promise<WriteResult>;
}

/**
 * Gives accounts of an earlier release what that release did not give them, one after the other. The ledger lists what is left, so a kill
 * repeats at most one.
 */
export class AccountUpgrade implements Service {
  readonly name: string;
  readonly #options: AccountUpgradeOptions;

  constructor(options: AccountUpgradeOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, ledger } = this.#options;
    await domainWhenUp(signal);
    await every(AGAIN_MS, signal, () => this.#round(signal), { clock: ledger.clock });
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { ledger, log, due, what } = this.#options;
    const count = due.waiting();
    if (count > 0) log.info({ accounts: count }, `writing ${what} to older accounts`);
    let person = due.after();
    for (; person !== undefined && !signal.aborted; person = due.after(person)) {
      try {
        await this.#one(person);
      } catch (error) {
        log.warn({ ...person, err: describeError(error) }, `cannot write ${what} to an account yet`);
      }
      await ledger.clock.sleep(PAUSE_MS, signal);
    }
  }

  async #one(person: Person): Promise<void> {
    const { ledger, log, due, what, write } = this.#options;
    const entry = ledger.accounts.of(person);
    // It is being created, or exists and is not known yet: later.
    if (entry?.nonce != null && entry.managedGuid === null) return;
    if (entry?.managedGuid != null) {
      const result = await write({ ...entry, managedGuid: entry.managedGuid });
      if (!result.ok && !result.gone) {
        log.warn({ ...person, reason: result.reason }, `cannot write ${what} to an account yet`);
        return;
      }
    }
    due.done(person);
  }
}
