import type { BulkLine, BulkList, Log } from '@causeway/service';
import type { Growth } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../person.ts';
import { type Refused, refuse } from '../refusals.ts';
import { createdBy, type Task } from './task.ts';
import { isReadOnce } from './unclaimed.ts';

export const creationsOf = (forest: string): BulkList => ({
  scope: forest,
  operation: 'create',
  kind: 'user',
});

/** Of a page's users those who must wait for an administrator, with the refusal that says so. Only where one has said so. */
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
    // New accounts count once everybody is here whom the forest had in the beginning.
    if (!isReadOnce(ledger, forest)) continue;
    const list = creationsOf(forest);
    if (growth !== 'hold' && !ledger.bulk.isHolding(list)) continue;
    const page = (pages.get(forest) ?? []).map(task => lineOf(task));
    // Who waits and is not in this page goes on waiting; who is in it, and is to be made no more, does not.
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

/** To be called in the transaction that puts a new account down. */
export function noteCreated(ledger: Ledger, { forest, anchor }: Person): void {
  if (isReadOnce(ledger, forest)) ledger.bulk.noteWent(creationsOf(forest), anchor, ledger.now());
}

/** New accounts of 24 hours by forest, where they are more than go without an alarm. */
export function growthAlarms(ledger: Ledger): Record<string, number> {
  return JSON.parse(ledger.state.get('growthAlarms') ?? '{}') as Record<string, number>;
}

/** To be called at the end of the feed: says it loudly, once, when a forest grows by more than it should. */
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
