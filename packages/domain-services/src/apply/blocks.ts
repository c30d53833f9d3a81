import { CausewayError, describeError, every, type Log, type Service, Trouble } from '@causeway/service';
import { accountMark, readAccountMark } from '../directory/account-mark.ts';
import { controlValues } from '../directory/attributes.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { mayBeEnabled } from '../ledger/may-be-enabled.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Task } from './task.ts';

/** How soon a block reaches the account when the command did not write it itself. */
const INTERVAL_MS = 1_000;

export interface BlocksContext {
  ledger: Ledger;
  directory: Pick<ManagedDirectory, 'blockMarks' | 'findMade' | 'ensure'>;
}

/**
 * Takes over the blocks that are on accounts and not in the ledger, because it was lost or restored from before them. Also has every
 * account of a user who is or was blocked written again. Nothing may be written to accounts before this.
 * @returns how many were not in the ledger
 * @throws CausewayError 'directory-unavailable'
 */
export async function adoptBlocks({ ledger, directory }: BlocksContext): Promise<number> {
  const marks = await directory.blockMarks();
  return ledger.transaction(() => {
    let adopted = 0;
    for (const { guid, text } of marks) {
      const mark = readAccountMark(text);
      const person = ledger.accounts.managed(guid) ?? mark;
      // Nobody can say whose account this is. It is never enabled, because it is not in the ledger.
      if (person === undefined) continue;
      const { forest, anchor } = person;
      const since = mark?.blockedSince ?? ledger.timestamp();
      const known = ledger.blocks.known(person);
      if (known?.liftedAt === null || (known && known.liftedAt >= since)) continue;
      ledger.blocks.set({ forest, anchor, since, reason: null, by: null });
      const detail = `the account ${guid} says that ${anchor} of ${forest} is blocked since ${since}, and the ledger did not`;
      ledger.audit.add({ action: 'adopt-block', subject: anchor, detail });
      adopted++;
    }
    ledger.blocks.touchAll();
    return adopted;
  });
}

/**
 * Writes blocks, and the ends of blocks, that are not on their accounts yet. Several callers may do this at once.
 * @returns why an account could not be written, in words
 */
export async function applyBlocks({ ledger, directory }: BlocksContext): Promise<string | undefined> {
  let trouble: string | undefined;
  for (const person of ledger.blocks.due()) {
    // Any later change touches the block again, so it stays due.
    const known = ledger.blocks.known(person)!;
    const entry = ledger.accounts.of(person);
    const block = known.liftedAt === null ? known : undefined;
    try {
      const guid = entry?.managedGuid ?? (block && entry && (await findMade(directory, entry)));
      if (guid === undefined || entry === undefined) {
        ledger.blocks.done(known);
        continue;
      }
      const values = { ...controlValues(mayBeEnabled(entry, block)), ...accountMark(entry, block) };
      const result = await directory.ensure(guid, values);
      if (result.ok || result.gone) ledger.blocks.done(known);
      else trouble = `${person.anchor} of ${person.forest}: ${result.reason}`;
    } catch (error) {
      if (!(error instanceof CausewayError) || error.retry !== 'later') throw error;
      return error.message;
    }
  }
  return trouble;
}

/** Finds an account that may exist without the ledger knowing, because the writer was killed or failed. */
async function findMade(
  directory: BlocksContext['directory'],
  { nonce, samAccountName }: LedgerEntry,
): Promise<string | undefined> {
  if (nonce === null || samAccountName === null) return undefined;
  return (await directory.findMade([{ nonce, samAccountName }])).get(nonce);
}

/** Call this when a page is given up: its writes may have been planned before a block that came meanwhile. */
export function lookAgain(ledger: Ledger, tasks: readonly Task[]): void {
  ledger.transaction(() => {
    for (const { plan } of tasks) if (plan && ledger.blocks.of(plan.next)) ledger.blocks.touch(plan.next);
  });
}

export interface BlockKeeperOptions extends BlocksContext {
  log: Log;
  /** The domain, once its directory answers and its marks are in the ledger; undefined when the service ends first. */
  domainWhenUp: (signal: AbortSignal) => Promise<ManagedDomain | undefined>;
}

/** Keeps accounts blocked, whatever the feed brings, even if the directory did not answer when the command was given. */
export class BlockKeeper implements Service {
  readonly name = 'blocks';
  readonly #options: BlockKeeperOptions;

  constructor(options: BlockKeeperOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, ledger, log } = this.#options;
    const trouble = new Trouble(err => log.error({ err }, 'cannot write a block to its account yet'));
    await domainWhenUp(signal);
    const apply = async (): Promise<void> => {
      const why = await applyBlocks(this.#options).catch(describeError);
      if (why === undefined) trouble.end();
      else trouble.begin(why);
    };
    await every(INTERVAL_MS, signal, apply, { clock: ledger.clock });
  }
}
