import { z } from 'zod';
import { ObjectGuid } from '../common.ts';
import { route } from '../http/route.ts';
import { Rename } from './held.ts';

const Count = z.int().nonnegative();

/** What another configuration would do to one object. */
const PreviewLine = z.strictObject({
  /** Of a person who stays, what becomes of the password: the one that was sent is withdrawn; or stays, and none is sent any more; or the present one is sent. */
  operation: z.enum(['add', 'update', 'delete', 'rename', 'withdraw', 'keep', 'send']),
  kind: z.enum(['user', 'group']),
  name: z.string(),
  sourceAnchor: z.string(),
  objectGuid: ObjectGuid,
  distinguishedName: z.string(),
  /** Why it would leave, or its password would. */
  reason: z.string().optional(),
  /** Of a rename. */
  rename: Rename.optional(),
});

/** What another configuration of a connector would do. */
export const ScopePreview = z.strictObject({
  connector: z.string(),
  adds: Count,
  updates: Count,
  /** They wait for an administrator. */
  deletes: Count,
  /** Passwords of people who stay. Withdrawals wait for an administrator. */
  passwords: z.strictObject({ withdraw: Count, keep: Count, send: Count }),
  /** Memberships that go with whoever leaves. */
  memberships: Count,
  /** People who would be called otherwise in the managed domain. They wait, too, each with the old name. */
  renames: Count,
  unchanged: Count,
  /** The first lines, those that would leave before the others. */
  lines: z.array(PreviewLine),
  /** Attributes that the configuration looks at and that were not imported yet: what it does shows after a full import, and waits until then. */
  notImported: z.array(z.string()),
  /** Why not everybody is known who is in the groups of the scope; null: they are all known. */
  groupsMissing: z.string().nullable(),
});
export type ScopePreview = z.infer<typeof ScopePreview>;

/** What decided of one person. */
export const UserPreview = z.strictObject({
  connector: z.string(),
  user: z.string(),
  distinguishedName: z.string(),
  objectGuid: ObjectGuid,
  synchronized: z.boolean(),
  /** Why not, or why not any more once an administrator lets go; null: nothing speaks against it. */
  reason: z.string().nullable(),
  /** DN of the container that decided, by the configuration; null where none of those that it names is above the person. */
  container: z.string().nullable(),
  /** Whether the person is in a group of the scope; null where the scope has none. */
  inGroups: z.boolean().nullable(),
  /** Whether passwords are sent, and what decided that. */
  password: z.string(),
  /** By which the managed domain would call the account, once an administrator lets it; null: no other name waits. */
  newName: z.string().nullable(),
  /** What the tenant is to have, and of what it is made; `accountName` is what the managed domain calls the account. */
  attributes: z.array(
    z.strictObject({
      name: z.string(),
      value: z.string().nullable(),
      source: z.string(),
      expression: z.string().nullable(),
      rule: z.string(),
    }),
  ),
});
export type UserPreview = z.infer<typeof UserPreview>;

export const previewRoutes = {
  previewUser: route({
    method: 'GET',
    path: '/api/v1/preview/:user',
    access: ['operator'],
    summary: 'what decided whether a person is synchronized, and each attribute of theirs',
    params: z.strictObject({ user: z.string().min(1).max(1024) }),
    reply: UserPreview,
  }),
  previewScope: route({
    method: 'POST',
    path: '/api/v1/preview',
    access: ['operator'],
    summary:
      'what another scope, other account names or other attributes would add, change and delete; nothing is changed',
    body: z.strictObject({
      connectors: z
        .array(
          z.strictObject({
            name: z.string().max(100),
            /** `scope` of the connector, as in the configuration. */
            scope: z.record(z.string(), z.unknown()),
            accountNames: z.string().optional(),
            extensions: z.array(z.string().max(100)).max(100).optional(),
            /** Suffix of users without a userPrincipalName, and Connect's own account, where they are to be others than they are. */
            domain: z.string().max(255).optional(),
            ownAccount: z.string().max(1024).optional(),
          }),
        )
        .min(1)
        .max(20),
    }),
    reply: z.strictObject({ previews: z.array(ScopePreview) }),
  }),
};
