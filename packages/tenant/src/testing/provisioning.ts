import { call } from '@causeway/api';
import {
  type CredentialChange,
  type ObjectChange,
  synchronizationRoutes as routes,
  type Verdict,
  type Withdrawal,
} from '@causeway/contract';
import { FOREST } from './forest.ts';
import { batchOf } from './people.ts';
import type { TestAgent } from './test-agent.ts';

/** The result of each item in a word: the code if it has one, else the verdict. */
export const says = ({ verdicts }: { verdicts: Verdict[] }): string[] =>
  verdicts.map(({ code, verdict }) => code ?? verdict);

/** What a Connect sends about a forest, with a one-word result per item. @param agent known once the test has begun */
export const provisioningOf = (agent: () => TestAgent, forest = FOREST) => ({
  objects: async (...changes: ObjectChange[]) =>
    says(await call(agent().send, routes.exportObjects, { body: { forest, changes } })),
  credentials: async (...changes: CredentialChange[]) =>
    says(await call(agent().send, routes.exportCredentials, { body: batchOf(changes, forest) })),
  withdraw: async (...changes: Withdrawal[]) =>
    says(await call(agent().send, routes.exportWithdrawals, { body: { forest, changes } })),
});
