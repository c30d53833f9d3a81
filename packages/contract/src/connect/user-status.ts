import { z } from 'zod';
import { ObjectGuid, PasswordOrder, Timestamp } from '../common.ts';
import { ExportStatus, ObjectStatus } from './object-status.ts';

export const RetryEntry = z.strictObject({
  guid: ObjectGuid,
  kind: z.enum(['object', 'password']),
  quarantined: z.boolean(),
  code: z.string(),
  reason: z.string(),
  attempts: z.int(),
  since: Timestamp,
  /** Milliseconds since 1970. */
  nextAt: z.number(),
});

/** How far one user got. */
export const ConnectUserStatus = ObjectStatus.extend({
  user: z.string(),
  export: ExportStatus.extend({
    problem: RetryEntry.nullable(),
  }),
  password: z
    .strictObject({
      status: z.string(),
      detail: z.string().nullable(),
      waiting: z.boolean(),
      order: PasswordOrder.nullable(),
      acknowledgedAt: Timestamp.nullable(),
      recipientKeyId: z.string().nullable(),
      updatedAt: Timestamp,
    })
    .nullable(),
  retry: RetryEntry.nullable(),
  owedSince: Timestamp.nullable(),
  /**
   * Present while the connector's password channel does not work. The password's state is then as of `since`, the end of its last good
   * cycle, or null if there was none. Absent while it works, and from a Connect of the first releases.
   */
  standstill: z.strictObject({ since: Timestamp.nullable(), reason: z.string() }).optional(),
});
export type ConnectUserStatus = z.infer<typeof ConnectUserStatus>;
