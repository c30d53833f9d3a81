import { z } from 'zod';
import { ObjectGuid } from '../common.ts';
import { route } from '../http/route.ts';
import { Rename } from './held.ts';

const Count = z.int().nonnegative();

/** What another configuration would do to one object. */
const PreviewLine = z.strictObject({
  /**
   * For a user who stays, what happens to the password. `withdraw`: the one that was sent is withdrawn. `keep`: it stays, and none is sent
   * any more. `send`: the current one is sent.
   */
  operation: z.enum(['add', 'update', 'delete', 'rename', 'withdraw', 'keep', 'send']),
  kind: z.enum(['user', 'group']),
  name: z.string(),
  sourceAnchor: z.string(),
  objectGuid: ObjectGuid,
  distinguishedName: z.string(),
  /** Why the object, or its password, would leave. */
  reason: z.string().optional(),
  /** For a rename. */
  rename: Rename.optional(),
});

/** What another configuration of a connector would do. */
export const ScopePreview = z.strictObject({
  connector: z.string(),
  adds: Count,
  updates: Count,
  /** Deletions, which wait for an administrator. */
  deletes: Count,
  /** Passwords of users who stay. Withdrawals wait for an administrator. */
  passwords: z.strictObject({ withdraw: Count, keep: Count, send: Count }),
  /** Memberships that end with the leaving objects. */
  memberships: Count,
  /** Users whose name in the managed domain would change. Each waits too, and keeps the old name. */
  renames: Count,
  unchanged: Count,
  /** The first lines, leaving objects before the others. */
  lines: z.array(PreviewLine),
  /** Attributes that the configuration uses but that were not imported yet. Their effect shows, and waits, until after a full import. */
  notImported: z.array(z.string()),
  /** Why the members of the scope's groups are not all known; null if they are. */
  groupsMissing: z.string().nullable(),
});
export type ScopePreview = z.infer<typeof ScopePreview>;

/** What decided about one user. */
export const UserPreview = z.strictObject({
  connector: z.string(),
  user: z.string(),
  distinguishedName: z.string(),
  objectGuid: ObjectGuid,
  synchronized: z.boolean(),
  /** Why the user is not synchronized, or no longer once an administrator approves; null if nothing excludes them. */
  reason: z.string().nullable(),
  /** DN of the container that decided, from the configuration; null if the configuration names none above the user. */
  container: z.string().nullable(),
  /** Whether the user is in a group of the scope; null if the scope has none. */
  inGroups: z.boolean().nullable(),
  /** Whether the password is sent, and what decided that. */
  password: z.string(),
  /** The name that the account would get in the managed domain once an administrator approves; null if no new name waits. */
  newName: z.string().nullable(),
  /** What the tenant is to have, and where each value comes from. `accountName` is the account's name in the managed domain. */
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
            /** Suffix for users without a userPrincipalName, and Connect's own account, if they are to change. */
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
