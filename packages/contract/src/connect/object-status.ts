import { z } from 'zod';
import { ObjectGuid, Timestamp } from '../common.ts';

/** What the status of one object, user or group, contains. */
export const ObjectStatus = z.strictObject({
  connector: z.string(),
  distinguishedName: z.string(),
  objectGuid: ObjectGuid,
  sourceAnchor: z.string(),
  synchronized: z.boolean(),
  scopeReason: z.string().nullable(),
});

/** How far its export got. */
export const ExportStatus = z.strictObject({
  state: z.enum(['not in the tenant', 'current', 'change waiting']),
  at: Timestamp.nullable(),
  sequence: z.int().nullable(),
});
