import { describeError, every, type Service } from '@causeway/service';
import type { KeeperContext } from '../directory/keep-directory.ts';
import type { CountedTokens } from '../ledger/sids/token-book.ts';
import { findFullTokens, MANY_GROUPS } from './full-tokens.ts';

const INTERVAL_MS = 60 * 60_000;
/** How many users are named. */
const NAMED = 50;

/** Checks once an hour which users have so many on-premises SIDs that Windows will refuse them. */
export class TokenWatch implements Service {
  readonly name = 'tokens';
  readonly #context: Pick<KeeperContext, 'ledger' | 'log'>;

  constructor(context: Pick<KeeperContext, 'ledger' | 'log'>) {
    this.#context = context;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { ledger, log } = this.#context;
    const look = async () => {
      try {
        await this.look(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: describeError(error) }, "cannot count people's groups; retrying");
      }
    };
    await every(INTERVAL_MS, signal, look, { clock: ledger.clock });
  }

  async look(signal?: AbortSignal): Promise<void> {
    const { ledger, log } = this.#context;
    const found = await findFullTokens(ledger, MANY_GROUPS, signal);
    const people = found.slice(0, NAMED);
    const counted: CountedTokens = {
      above: MANY_GROUPS,
      at: ledger.timestamp(),
      count: found.length,
      people,
    };
    ledger.state.set('fullTokens', JSON.stringify(counted));
    if (found.length > 0)
      log.warn(
        { people: found.length, groups: MANY_GROUPS },
        'people are members of too many on-premises groups',
      );
  }
}
