import type { Comparison } from '../ledger/comparison.ts';
import type { Ledger } from '../ledger/ledger.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Of one forest: how often the feed was read again for it, and when last, in milliseconds since 1970. */
interface Budget {
  times: number;
  at: number;
}

/**
 * Whether the feed is to be read again from its start, as somebody of a forest is not as two heads in turn have said, though the feed
 * was read to its end: a ledger that was restored has read past it, or a tenant has said it where no cursor looks. At once, after an
 * hour, then daily: a tenant that withholds gives nothing at the second reading either. Counted as read when it says so; agreement in
 * between gives nothing back within a day.
 */
export function mayReadAgain(ledger: Ledger, forest: string, { differences }: Comparison): boolean {
  const now = ledger.clock.now();
  const budgets = JSON.parse(ledger.state.get('readAgain') ?? '{}') as Record<string, Budget>;
  const known = budgets[forest];
  // A clock that was set back holds up nothing for longer than that.
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
