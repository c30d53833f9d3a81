import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Run, SeenRun } from '@causeway/contract';

/** This process. An agent runs once at a time: whoever calls as an agent holds the lock of its state folder. */
export const OWN_RUN: Run = { id: randomUUID(), machine: hostname() };

/** @param what runs twice: 'Connect' */
export function describeOtherRuns(what: string, others: readonly SeenRun[]): string {
  const where = others.map(
    ({ machine, address, firstSeenAt, lastSeenAt }) =>
      `on ${machine} (${address}) since ${firstSeenAt}, last seen ${lastSeenAt}`,
  );
  return `this ${what} runs more than once: another copy with the same keys calls the tenant, too, ${where.join('; ')}. A copy of the machine was started beside it, perhaps: stop one of the two, and keep it stopped`;
}
