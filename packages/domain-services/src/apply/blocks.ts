import { CausewayError, describeError, every, type Log, type Service, Trouble } from '@causeway/service';
import { accountMark, readAccountMark } from '../directory/account-mark.ts';
import { controlValues } from '../directory/attributes.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { mayBeEnabled } from '../ledger/may-be-enabled.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Task } from './task.ts';

/** How soon the account of somebody is as it is to be, when the command did not write it itself. */
const INTERVAL_MS = 1_000;

export interface BlocksContext {
  ledger: Ledger;
  directory: Pick<ManagedDirectory, 'blockMarks' | 'findMade' | 'ensure'>;
}

/**
 * Believes the blocks that stand on accounts and not in the ledger, which was lost or restored from before them; and has every account
 * of somebody who is or was blocked looked at again. Nothing may be written to accounts before this.
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
      // An account that is not in the ledger is never enabled; nobody can say whose it is.
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
 * Makes the accounts of those who are or were blocked as they are to be, as far as that is still due. May be done by several at once.
 * @returns what keeps an account from being so, in words
 */
export async function applyBlocks({ ledger, directory }: BlocksContext): Promise<string | undefined> {
  let trouble: string | undefined;
  for (const person of ledger.blocks.due()) {
    // Whatever comes after this touches the block again, so that it stays due.
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

/** An account that was made, perhaps, and that the ledger has not heard of: whoever writes was killed, or failed. */
async function findMade(
  directory: BlocksContext['directory'],
  { nonce, samAccountName }: LedgerEntry,
): Promise<string | undefined> {
  if (nonce === null || samAccountName === null) return undefined;
  return (await directory.findMade([{ nonce, samAccountName }])).get(nonce);
}

/** To be called when a page is given up: what was written of it is planned before a block that came meanwhile, perhaps. */
export function lookAgain(ledger: Ledger, tasks: readonly Task[]): void {
  ledger.transaction(() => {
    for (const { plan } of tasks) if (plan && ledger.blocks.of(plan.next)) ledger.blocks.touch(plan.next);
  });
}

export interface BlockKeeperOptions extends BlocksContext {
  log: Log;
  /** The domain, once its directory answers and its marks are in the ledger; nothing when the service is to end before. */
  domainWhenUp: (signal: AbortSignal) => Promise<ManagedDomain | undefined>;
}

/** Keeps accounts blocked, whatever the feed brings and whether the directory answered when the command was given. */
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
