import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Failures that lock an account, the first and the longest lock, and when all failures are forgotten. */
export const MAX_FAILURES = 10;
export const FIRST_LOCK_MS = 60_000;
const LONGEST_LOCK_MS = 3_600_000;
const FORGET_MS = 86_400_000;

/** The source that all browsers share which never signed in to the account. */
export const UNFAMILIAR = '';

export interface Counter {
  readonly failures: number;
  /** Marks of the wrong passwords that were counted. */
  readonly wrong: readonly string[];
  /** Locks in a row: each is twice as long as the one before. */
  readonly locks: number;
  readonly lockedUntil: Date | null;
  readonly updatedAt: Date;
}

export interface Attempt {
  readonly right: boolean;
  readonly mark: string;
}

export type Outcome = 'accepted' | 'refused' | 'locked';

/**
 * Decides an attempt against the counter of its account and source. One wrong password repeated counts once: that
 * is an old phone, not an attack. While locked, even the right one is rejected, and nothing is counted.
 */
export function decideAttempt(
  before: Counter | undefined,
  attempt: Attempt,
  now: Date,
): { outcome: Outcome; counter: Counter | undefined } {
  const fresh = before === undefined || now.getTime() - before.updatedAt.getTime() > FORGET_MS;
  const counter = fresh ? { failures: 0, wrong: [], locks: 0, lockedUntil: null, updatedAt: now } : before;
  if (counter.lockedUntil !== null && counter.lockedUntil > now) return { outcome: 'locked', counter };
  if (attempt.right) return { outcome: 'accepted', counter: undefined };
  if (counter.wrong.includes(attempt.mark)) return { outcome: 'refused', counter };
  const failures = counter.failures + 1;
  if (failures < MAX_FAILURES) {
    const wrong = [...counter.wrong, attempt.mark];
    return {
      outcome: 'refused',
      counter: { ...counter, failures, wrong, lockedUntil: null, updatedAt: now },
    };
  }
  const length = Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** counter.locks);
  const lockedUntil = new Date(now.getTime() + length);
  return {
    outcome: 'locked',
    counter: { failures: 0, wrong: [], locks: counter.locks + 1, lockedUntil, updatedAt: now },
  };
}

/**
 * Settles an attempt whose password has been checked. Attempts on one account and source take turns here, after
 * their derivations, so that a burst of guesses gets no more tries than a queue of them.
 * @param accountKey keyed digest of the name
 */
export async function settleAttempt(
  scope: TenantScope,
  accountKey: string,
  source: string,
  attempt: Attempt,
  now: Date,
): Promise<Outcome> {
  const settled = await scope.transaction(async inside => {
    const one = { account_key: accountKey, source };
    await inside
      .insert('sign_in_failures', { ...one, failures: 0, wrong: '[]', locks: 0, updated_at: now })
      // Changes nothing, but locks the row, so that no sweep deletes it before it is read.
      .onConflict(conflict =>
        conflict
          .columns(['tenant_id', 'account_key', 'source'])
          .doUpdateSet(({ ref }) => ({ failures: ref('sign_in_failures.failures') })),
      )
      .execute();
    const row = await inside
      .select('sign_in_failures')
      .selectAll()
      .where('account_key', '=', accountKey)
      .where('source', '=', source)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const before = { ...row, lockedUntil: row.locked_until, updatedAt: row.updated_at };
    const { outcome, counter } = decideAttempt(before, attempt, now);
    if (counter === undefined) {
      await inside
        .delete('sign_in_failures')
        .where('account_key', '=', accountKey)
        .where('source', '=', source)
        .execute();
    } else if (counter !== before) {
      await inside
        .update('sign_in_failures')
        .set({
          failures: counter.failures,
          wrong: JSON.stringify(counter.wrong),
          locks: counter.locks,
          locked_until: counter.lockedUntil,
          updated_at: counter.updatedAt,
        })
        .where('account_key', '=', accountKey)
        .where('source', '=', source)
        .execute();
    }
    return { outcome, fresh: row.failures === 0 };
  });
  // A stranger makes one row per name. So each first failure sweeps out the forgotten rows, outside the rows' locks.
  if (settled.outcome !== 'accepted' && settled.fresh) {
    const forgotten = new Date(now.getTime() - FORGET_MS);
    await scope.delete('sign_in_failures').where('updated_at', '<', forgotten).execute();
  }
  return settled.outcome;
}

/** Until when strangers are locked out, for those of these accounts where they are. */
export async function readLocks(
  scope: TenantScope,
  accountKeys: readonly string[],
  now: Date,
): Promise<Map<string, Date>> {
  if (accountKeys.length === 0) return new Map();
  const rows = await scope
    .select('sign_in_failures')
    .select(['account_key', 'locked_until'])
    .where('account_key', 'in', accountKeys)
    .where('source', '=', UNFAMILIAR)
    .where('locked_until', '>', now)
    .execute();
  return new Map(rows.map(row => [row.account_key, row.locked_until!]));
}
