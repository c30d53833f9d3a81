import assert from 'node:assert/strict';
import { call } from '@causeway/api';
import { synchronizationRoutes, type Verdict } from '@causeway/contract';
import { FOREST } from './forest.ts';
import { accountItem, batchOf, credentialItem, order, type Person, withdrawalItem } from './people.ts';
import type { TestAgent } from './test-agent.ts';

// Requests of a Connect about one person, which the tenant must apply.

export async function applyObject(connect: TestAgent, who: Person, deleted = false): Promise<void> {
  const body = { forest: FOREST, changes: [accountItem(connect, who, { deleted })] };
  isApplied(await call(connect.send, synchronizationRoutes.exportObjects, { body }));
}

export async function applyPassword(
  connect: TestAgent,
  who: Person,
  password: string,
  version: number,
): Promise<void> {
  const body = batchOf([await credentialItem(who, password, order(version))]);
  isApplied(await call(connect.send, synchronizationRoutes.exportCredentials, { body }));
}

export async function applyWithdrawal(connect: TestAgent, who: Person, version: number): Promise<void> {
  const body = { forest: FOREST, changes: [withdrawalItem(connect, who, order(version))] };
  isApplied(await call(connect.send, synchronizationRoutes.exportWithdrawals, { body }));
}

function isApplied({ verdicts }: { verdicts: Verdict[] }): void {
  assert.equal(verdicts[0]!.verdict, 'applied', verdicts[0]!.reason);
}
