import type { DomainArrival } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import type { DifferenceLimits } from '../configuration.ts';
import type { Comparison } from '../ledger/comparison.ts';
import type { KnownHead } from '../ledger/head-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { alarmSince } from './compare-head.ts';
import { comparisonsOf, completeOf, earliest } from './receipt.ts';

/** The status counts up to this many records that are not written. */
const MAX_NOT_WRITTEN = 10_000;

/** The forests for which an administrator trusts a Connect, with the time of the first trust. */
export function trustedForests(ledger: Ledger): Map<string, string> {
  const forests = new Map<string, string>();
  for (const { forest, trustedAt } of ledger.agents.list())
    if (forest !== CLOUD_FOREST && !forests.has(forest)) forests.set(forest, trustedAt);
  return forests;
}

/**
 * How far the records of each trusted forest have arrived.
 * @param startedAt milliseconds since 1970 when this process began to read heads; undefined while it does not: then no forest is silent
 */
export function arrivals(
  ledger: Ledger,
  limits: DifferenceLimits,
  startedAt: number | undefined,
): DomainArrival[] {
  const now = ledger.clock.now();
  return [...trustedForests(ledger)].map(([forest, trustedAt]) => {
    const head = ledger.heads.head(forest);
    const { accounts, credentials } = ledger.heads.summary(forest);
    const compared = head && comparisonsOf(ledger, head);
    const notWritten = [ledger.heads, ledger.groupHeads]
      .map(book => book.notWritten(forest, MAX_NOT_WRITTEN).length)
      .reduce((sum, count) => sum + count);
    const differsSince = earliest((compared ?? []).map(one => one && alarmSince(one, limits, now)));
    const silentSince =
      startedAt === undefined ? undefined : silence(head, trustedAt, startedAt, limits, now);
    const alarm = silentSince
      ? ({ kind: 'silent', since: silentSince } as const)
      : differsSince
        ? ({ kind: 'differs', since: differsSince } as const)
        : null;
    return {
      forest,
      state: silentSince ? 'silent' : stateOf(compared, notWritten),
      head: head
        ? {
            ...{ time: head.time, accounts: head.accounts, credentials: head.credentials },
            ...(head.groups !== undefined && { groups: head.groups, slices: head.slices }),
          }
        : null,
      here: { accounts, credentials, ...ledger.groupHeads.counts(forest) },
      completeAsOf: (compared && completeOf(compared)) ?? null,
      differing: head?.comparison?.differences.map(({ bucket }) => bucket) ?? [],
      groupsDiffering: compared?.[1]?.differences.map(({ bucket }) => bucket) ?? [],
      notWritten,
      alarm,
    };
  });
}

function stateOf(
  compared: readonly (Comparison | undefined)[] | undefined,
  notWritten: number,
): DomainArrival['state'] {
  if (compared === undefined) return 'no head yet';
  if (compared.some(one => one && one.differences.length > 0)) return 'differs';
  if (completeOf(compared) === undefined) return 'not compared yet';
  return notWritten > 0 ? 'not all written' : 'complete';
}

/** Since when no head has come, if that is too long ago. Both clocks count: an old head that comes late is old. */
function silence(
  head: KnownHead | undefined,
  trustedAt: string,
  startedAt: number,
  { silenceMs }: DifferenceLimits,
  now: number,
): string | undefined {
  const last = head ? Math.min(Date.parse(head.time), Date.parse(head.receivedAt)) : Date.parse(trustedAt);
  return now - Math.max(last, startedAt) > silenceMs ? new Date(last).toISOString() : undefined;
}
