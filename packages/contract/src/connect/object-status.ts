import { z } from 'zod';
import { ObjectGuid, Timestamp } from '../common.ts';

/** What is said of one object, a user or a group. */
export const ObjectStatus = z.strictObject({
  connector: z.string(),
  distinguishedName: z.string(),
  objectGuid: ObjectGuid,
  sourceAnchor: z.string(),
  synchronized: z.boolean(),
  scopeReason: z.string().nullable(),
});

/** How far its export is. */
export const ExportStatus = z.strictObject({
  state: z.enum(['not in the tenant', 'current', 'change waiting']),
  at: Timestamp.nullable(),
  sequence: z.int().nullable(),
});
