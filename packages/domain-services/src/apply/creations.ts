import type { BulkLine, BulkList, Log } from '@causeway/service';
import type { Growth } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../person.ts';
import { type Refused, refuse } from '../refusals.ts';
import { isReadOnce } from './reunion/unclaimed.ts';
import { createdBy, type Task } from './task.ts';

export const creationsOf = (forest: string): BulkList => ({
  scope: forest,
  operation: 'create',
  kind: 'user',
});

/**
 * Finds the users of a page who must wait for an administrator, each with its refusal. Only where an administrator chose to hold new
 * accounts.
 */
export function holdCreations(
  ledger: Ledger,
  growth: Growth | undefined,
  tasks: readonly Task[],
): Map<Task, Refused> {
  const held = new Map<Task, Refused>();
  const pages = Map.groupBy(
    tasks.filter(task => createdBy(task) !== undefined),
    task => createdBy(task)!.forest,
  );
  for (const forest of new Set([...pages.keys(), ...ledger.bulk.scopes('create')])) {
    // New accounts count only after everybody is here whom the forest had in the beginning.
    if (!isReadOnce(ledger, forest)) continue;
    const list = creationsOf(forest);
    if (growth !== 'hold' && !ledger.bulk.isHolding(list)) continue;
    const page = (pages.get(forest) ?? []).map(task => lineOf(task));
    // Users who wait and are not in this page keep waiting. Users in the page who are no longer to be created do not.
    const people = tasks.map(({ verified }) => verified.person).filter(one => one.forest === forest);
    const here = new Set(people.map(({ anchor }) => anchor));
    const elsewhere: (BulkLine & { task?: Task })[] = ledger.bulk
      .lines(list)
      .filter(({ anchor }) => !here.has(anchor));
    const objects = ledger.accounts.countByForest().get(forest) ?? 0;
    const measure = { objects, hold: growth === 'hold' };
    const decision = ledger.bulk.decideCreations(list, [...elsewhere, ...page], measure, ledger.now());
    const detail = `${decision.held.length} wait, ${decision.limit} are allowed; they wait until you have looked at them: causeway domain creations --forest '${forest}'`;
    for (const { task, change } of decision.held)
      if (task) held.set(task, { ...refuse('growth-threshold', Number(change), detail), kind: 'waiting' });
  }
  return held;
}

function lineOf(task: Task): BulkLine & { task: Task } {
  return { anchor: task.verified.person.anchor, change: String(createdBy(task)!.sequence), task };
}

/** Call this in the transaction that records a new account. */
export function noteCreated(ledger: Ledger, { forest, anchor }: Person): void {
  if (isReadOnce(ledger, forest)) ledger.bulk.noteWent(creationsOf(forest), anchor, ledger.now());
}

/** New accounts of the last 24 hours by forest, where they are too many to go without an alarm. */
export function growthAlarms(ledger: Ledger): Record<string, number> {
  return JSON.parse(ledger.state.get('growthAlarms') ?? '{}') as Record<string, number>;
}

/** Raises one alarm when a forest grows by more than it should. Call this at the end of the feed. */
export function tellGrowth({ ledger, log, growth }: { ledger: Ledger; log: Log; growth?: Growth }): void {
  const before = growthAlarms(ledger);
  const now: Record<string, number> = {};
  for (const { forest, count, limit } of ledger.bulk.growth(ledger.now(), () =>
    ledger.accounts.countByForest(),
  )) {
    now[forest] = count;
    if (before[forest] !== undefined) continue;
    const next =
      growth === 'hold'
        ? `the rest waits: causeway domain creations --forest '${forest}'`
        : "they are made all the same: the configuration's 'growth' is 'alarm'";
    log.error({ forest, count, limit }, `ALARM: ${count} new accounts within 24 hours; ${next}`);
  }
  if (JSON.stringify(now) !== JSON.stringify(before)) ledger.state.set('growthAlarms', JSON.stringify(now));
}
