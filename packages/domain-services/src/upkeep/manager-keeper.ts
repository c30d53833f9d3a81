import { describeError, every, type Service } from '@causeway/service';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { writeInBulk } from '../directory/ldb/bulk.ts';
import type { LdbModify } from '../directory/ldb/ldb-modify.ts';
import type { Write } from '../directory/write.ts';
import { Later } from '../groups/later.ts';
import type { DueManager } from '../ledger/manager-book.ts';
import { keyOf, type Person } from '../person.ts';

/** How often to look for work. */
const BEAT_MS = 500;
/** Managers in one transaction. */
const BATCH = 400;
const AGAIN_MS = 5_000;

export interface ManagerKeeperOptions extends KeeperContext {
  /** Writes many at once. */
  ldbModify: LdbModify;
  /** Whether many people or SIDs are being written. Managers wait for them: state, names and passwords go first. */
  isLoading: () => boolean;
}

/**
 * Keeps `manager` in the directory as the forests' profiles say, with the account of that manager, as soon and as long as there is one. The
 * differences in the ledger are the work to do. So a kill only repeats work, and the order in which users come does not matter.
 */
export class ManagerKeeper implements Service {
  readonly name = 'managers';
  readonly #options: ManagerKeeperOptions;
  readonly #later: Later;

  constructor(options: ManagerKeeperOptions) {
    this.#options = options;
    this.#later = new Later(options.ledger.clock);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, ledger, log } = this.#options;
    if ((await domainWhenUp(signal)) === undefined) return;
    const beat = async (): Promise<void> => {
      try {
        const written = await this.turn(signal);
        if (written > 0) log.info({ managers: written }, 'wrote managers');
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: describeError(error) }, 'cannot write managers; retrying');
        await ledger.clock.sleep(AGAIN_MS, signal);
      }
    };
    await every(BEAT_MS, signal, beat, { clock: ledger.clock });
  }

  /** Writes what is due, unless many people or SIDs are being written. @returns how many were written */
  async turn(signal: AbortSignal): Promise<number> {
    const { ledger, isLoading } = this.#options;
    let written = 0;
    for (let last: Person | undefined; !signal.aborted && !isLoading(); ) {
      const due = ledger.managers.due(BATCH, last);
      last = due.at(-1);
      const done = await this.#write(due.filter(one => isDiffering(one) && !this.#later.isEarly(keyOf(one))));
      ledger.transaction(() => {
        for (const one of due) if (!isDiffering(one) || done.has(one)) ledger.managers.wrote(one);
      });
      written += done.size;
      if (due.length < BATCH) break;
    }
    return written;
  }

  /** @returns those that the directory took */
  async #write(due: readonly DueManager[]): Promise<Set<DueManager>> {
    const { directory, ldbModify, log } = this.#options;
    const writes = due.map(
      ({ account, manager }): Write => ({
        ...{ kind: 'modify', guid: account! },
        values: { manager: manager === null ? [] : [`<GUID=${manager}>`] },
      }),
    );
    const slow = (managers: number, reason: string) =>
      log.info({ managers, reason }, 'cannot write managers in one batch; writing them one by one');
    const results = await writeInBulk(ldbModify, writes, write => directory.write(write), slow);
    const done = new Set<DueManager>();
    for (const [i, result] of results.entries()) {
      const one = due[i]!;
      const { forest, anchor } = one;
      if (result.ok) {
        this.#later.done(keyOf(one));
        done.add(one);
      } else if (this.#later.put(keyOf(one)))
        log.warn({ forest, anchor, reason: result.reason }, 'cannot write a manager; retrying');
    }
    return done;
  }
}

/** For somebody without an account there is nothing to write. */
const isDiffering = ({ account, isWritten }: DueManager): boolean => account !== null && !isWritten;
