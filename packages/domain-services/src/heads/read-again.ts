import type { Comparison } from '../ledger/comparison.ts';
import type { Ledger } from '../ledger/ledger.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** For one forest: how often the feed was read again for its sake, and when last, in milliseconds since 1970. */
interface Budget {
  times: number;
  at: number;
}

/**
 * Whether to read the feed again from its start. That is needed when two heads in a row differ from the ledger although the feed was read
 * to its end: a restored ledger has read past something, or a tenant showed it where no cursor looks. Allowed at once, after an hour, then
 * daily, because a tenant that withholds gives nothing at the second reading either. A true answer counts as a reading. Agreement in
 * between resets nothing within a day.
 */
export function mayReadAgain(ledger: Ledger, forest: string, { differences }: Comparison): boolean {
  const now = ledger.clock.now();
  const budgets = JSON.parse(ledger.state.get('readAgain') ?? '{}') as Record<string, Budget>;
  const known = budgets[forest];
  // A clock that was set back delays it by no more than the usual wait.
  const age = known === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - known.at);
  const isLasting = differences.some(({ heads }) => heads >= 2);
  if (!isLasting) {
    if (known === undefined || age < DAY_MS) return false;
    const { [forest]: _, ...others } = budgets;
    ledger.state.set('readAgain', JSON.stringify(others));
    return false;
  }
  const wait = known?.times === 1 ? HOUR_MS : DAY_MS;
  if (age < wait) return false;
  const next: Budget = { times: (known?.times ?? 0) + 1, at: now };
  ledger.state.set('readAgain', JSON.stringify({ ...budgets, [forest]: next }));
  return true;
}
