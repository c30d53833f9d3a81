import { z } from 'zod';
import { ObjectGuid } from '../common.ts';
import { route } from '../http/route.ts';

const Count = z.int().nonnegative();

/** What another scope would do to one object. */
const PreviewLine = z.strictObject({
  operation: z.enum(['add', 'update', 'delete']),
  kind: z.enum(['user', 'group']),
  name: z.string(),
  sourceAnchor: z.string(),
  objectGuid: ObjectGuid,
  distinguishedName: z.string(),
  /** Why it would leave. */
  reason: z.string().optional(),
});

/** What another scope of a connector would do. */
export const ScopePreview = z.strictObject({
  connector: z.string(),
  adds: Count,
  updates: Count,
  /** They wait for an administrator. */
  deletes: Count,
  unchanged: Count,
  /** The first lines, those that would leave before the others. */
  lines: z.array(PreviewLine),
  /** Attributes that the scope looks at and that were not imported yet: what it does shows after a full import, and waits until then. */
  notImported: z.array(z.string()),
  /** Why not everybody is known who is in the groups of the scope; null: they are all known. */
  groupsMissing: z.string().nullable(),
});
export type ScopePreview = z.infer<typeof ScopePreview>;

export const previewRoutes = {
  previewScope: route({
    method: 'POST',
    path: '/api/v1/preview',
    access: ['operator'],
    summary: 'what another scope would add, change and delete; nothing is changed',
    body: z.strictObject({
      connectors: z
        .array(
          z.strictObject({
            name: z.string().max(100),
            /** `scope` of the connector, as in the configuration. */
            scope: z.record(z.string(), z.unknown()),
          }),
        )
        .min(1)
        .max(20),
    }),
    reply: z.strictObject({ previews: z.array(ScopePreview) }),
  }),
};
