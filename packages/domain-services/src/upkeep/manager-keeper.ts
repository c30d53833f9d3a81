import { describeError, every, type Service } from '@causeway/service';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { Later } from '../groups/later.ts';
import type { DueManager } from '../ledger/manager-book.ts';
import { keyOf, type Person } from '../person.ts';

/** How often it is looked what is to be done. */
const BEAT_MS = 500;
/** Managers that are written before others have their turn: about a quarter of a second. */
const BATCH = 50;
const AGAIN_MS = 5_000;

/**
 * Keeps `manager` in the directory as the forests' profiles say: by the account of whoever is meant, as soon and as long as there is one.
 * What is to be done is what differs in the ledger, so a kill only repeats it, and the order in which people come does not matter.
 */
export class ManagerKeeper implements Service {
  readonly name = 'managers';
  readonly #context: KeeperContext;
  readonly #later: Later;

  constructor(context: KeeperContext) {
    this.#context = context;
    this.#later = new Later(context.ledger.clock);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, ledger, log } = this.#context;
    if ((await domainWhenUp(signal)) === undefined) return;
    const beat = async (): Promise<void> => {
      try {
        const written = await this.turn(signal);
        if (written > 0) log.info({ managers: written }, 'managers written');
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: describeError(error) }, 'managers are not written; trying again');
        await ledger.clock.sleep(AGAIN_MS, signal);
      }
    };
    await every(BEAT_MS, signal, beat, { clock: ledger.clock });
  }

  /** All that is to be done now. @returns how many were written */
  async turn(signal: AbortSignal): Promise<number> {
    const { ledger } = this.#context;
    let written = 0;
    for (let last: Person | undefined; !signal.aborted; ) {
      const due = ledger.managers.due(BATCH, last);
      last = due.at(-1);
      const done: DueManager[] = [];
      for (const one of due) if (await this.#write(one)) done.push(one);
      ledger.transaction(() => {
        for (const one of done) ledger.managers.wrote(one);
      });
      written += done.filter(({ isWritten, account }) => !isWritten && account !== null).length;
      if (due.length < BATCH) break;
    }
    return written;
  }

  /** @returns whether the directory has it so now, or there is nobody to have it */
  async #write(one: DueManager): Promise<boolean> {
    const { directory, log } = this.#context;
    const { account, manager, isWritten, forest, anchor } = one;
    if (account === null || isWritten) return true;
    const key = keyOf(one);
    if (this.#later.isEarly(key)) return false;
    const values = manager === null ? [] : [`<GUID=${manager}>`];
    const result = await directory.attempt(ldap =>
      ldap.modify(`<GUID=${account}>`, [{ operation: 'replace', attribute: 'manager', values }]),
    );
    if (result.ok) this.#later.done(key);
    else if (this.#later.put(key))
      log.warn({ forest, anchor, reason: result.reason }, 'a manager is not written; tried again');
    return result.ok;
  }
}
