import { z } from 'zod';
import { DELETION_THRESHOLD } from './bulk-decision.ts';

/** When changes wait for an administrator. Connect's and Domain Services' configurations share this. */
export const thresholdSettings = {
  deletionThreshold: z
    .int()
    .min(0)
    .default(DELETION_THRESHOLD)
    .describe(
      'If more deletions than this, or than 10 % of a forest, come within 24 hours, they wait for your approval. See [thresholds](../operate.md#thresholds).',
    ),
  growth: z
    .enum(['alarm', 'hold'])
    .default('alarm')
    .describe(
      'What happens if far more new users come than usual: `alarm` raises an alarm, `hold` also makes them wait for your approval. See [thresholds](../operate.md#thresholds).',
    ),
} as const;
