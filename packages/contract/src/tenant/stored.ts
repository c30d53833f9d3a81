import { z } from 'zod';
import { Forest, ObjectGuid, PasswordOrder, SourceAnchor, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';
import { Profile } from './profile.ts';

/** Most objects or memberships in one answer. Long names reduce it. */
export const MAX_STORED = 1000;

/** A value that was written into the database and that no forest can have sent counts as none. The rest of the object is unaffected. */
const name = (most: number) => text(most).nullable().catch(null);
const securityIdentifier = name(184);

/** A user of a forest as the tenant has it. Of the password only when it was set, and whether there is one. */
export const StoredUser = z.strictObject({
  sourceAnchor: SourceAnchor,
  objectGuid: ObjectGuid.nullable(),
  /** As the forest sends it; empty if it never sent one. */
  userPrincipalName: name(1024),
  /** The name in use; null if there is none. */
  signInName: name(1024),
  /** Why the true name is not in use. */
  nameProblem: name(1024),
  onPremisesSamAccountName: name(256),
  onPremisesSecurityIdentifier: securityIdentifier,
  accountEnabled: z.boolean(),
  accountExpires: Timestamp.nullable(),
  profile: Profile,
  /** Of the password, or of its withdrawal; null if there never was one. */
  passwordOrder: PasswordOrder.nullable(),
  /** True if there is an order but no password. */
  withdrawn: z.boolean(),
});
export type StoredUser = z.infer<typeof StoredUser>;

/** A group of a forest as the tenant has it. */
export const StoredGroup = z.strictObject({
  sourceAnchor: SourceAnchor,
  objectGuid: ObjectGuid.nullable(),
  sAMAccountName: name(256),
  displayName: name(256),
  mail: name(256),
  objectSid: securityIdentifier,
  securityEnabled: z.boolean(),
  scope: name(32),
});
export type StoredGroup = z.infer<typeof StoredGroup>;

/** A membership in a group of a forest. */
export const StoredMembership = z.strictObject({
  /** The group's anchor. */
  sourceAnchor: SourceAnchor,
  /** The key by which members are sorted and divided into slices. */
  key: text(64),
  /** Identifies the member: the source anchor of an object of the forest, or a SID (docs/formats.md, *Slices*). */
  member: text(256).min(1),
});
export type StoredMembership = z.infer<typeof StoredMembership>;

const AfterAnchor = z.strictObject({
  forest: Forest,
  /** The last anchor of the previous answer; empty for the first. */
  after: z.union([SourceAnchor, z.literal('')]),
});

/**
 * What the tenant has of a forest, whoever sent it, for the agents that may speak for that forest. It serves comparison only and is not
 * trusted.
 */
export const storedRoutes = {
  readStoredUsers: route({
    method: 'POST',
    path: '/api/v1/sync/stored-users',
    access: ['connect'],
    staging: true,
    summary: 'the users of a forest as the tenant has them, in the order of the bytes of their anchors',
    body: AfterAnchor,
    reply: z.strictObject({ users: z.array(StoredUser).max(MAX_STORED), more: z.boolean() }),
  }),
  readStoredGroups: route({
    method: 'POST',
    path: '/api/v1/sync/stored-groups',
    access: ['connect'],
    staging: true,
    summary: 'the groups of a forest as the tenant has them, in the order of the bytes of their anchors',
    body: AfterAnchor,
    reply: z.strictObject({ groups: z.array(StoredGroup).max(MAX_STORED), more: z.boolean() }),
  }),
  readStoredMemberships: route({
    method: 'POST',
    path: '/api/v1/sync/stored-memberships',
    access: ['connect'],
    staging: true,
    summary:
      'who is in which group of a forest as the tenant has it, by anchors of groups, then by keys and references of members',
    body: z.strictObject({
      forest: Forest,
      /** The last membership of the previous answer; null for the first. */
      after: StoredMembership.nullable(),
    }),
    reply: z.strictObject({ memberships: z.array(StoredMembership).max(MAX_STORED), more: z.boolean() }),
  }),
};
