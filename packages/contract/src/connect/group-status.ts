import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ExportStatus, ObjectStatus } from './object-status.ts';

const Count = z.int().nonnegative();

/** Groups and their members. */
export const ConnectGroups = z.strictObject({
  /** Groups that the tenant should have, and those that it has. */
  groups: Count,
  exported: Count,
  /** Members of those groups, in or out of scope. */
  memberships: Count,
  /** Slices of members that are to be signed, and those that the tenant refused, with the reason for one of them. */
  slicesWaiting: Count,
  slicesRefused: Count,
  problem: z.string().nullable(),
  /** Member lists that must be read whole. */
  listsToRead: Count,
  /** Members with well-known SIDs, which are never sent. */
  wellKnown: Count,
  /** Groups whose deletion, and members whose removal, waits for an administrator. */
  suppressedDeletes: Count,
  suppressedRemovals: Count,
  /** The first groups that contain a group that is not synchronized. What its members get by it does not arrive. */
  containing: z.array(z.strictObject({ group: z.string(), contains: z.string() })),
  /** Groups with more than 250,000 members, which the original omits. */
  large: z.array(z.strictObject({ group: z.string(), members: Count })),
  /** Why nothing is sent, in words. Begins with ALARM if somebody may be withholding it; null if groups are sent. */
  waitingFor: z.string().nullable(),
});
export type ConnectGroups = z.infer<typeof ConnectGroups>;

/** What reached the managed domain but was not written there, or only in part, according to its receipt. */
export const GroupsNotWritten = z.strictObject({
  /** Among those in the receipt, which names at most 200 records. */
  count: Count,
  /** The first of them, each with the managed domain's reason. */
  groups: z.array(
    z.strictObject({
      group: z.string(),
      sourceAnchor: z.string(),
      what: z.enum(['group', 'members']),
      code: z.string(),
    }),
  ),
});

/** The state of one group. */
export const ConnectGroupStatus = ObjectStatus.extend({
  group: z.string(),
  export: ExportStatus.extend({
    /** Why the tenant does not have it in the current form, if the tenant was asked. */
    problem: z.string().nullable(),
  }),
  /** By its list or by primary group, in or out of scope. */
  members: Count,
  /** Why its list must be read whole now, or null; and when it is read next in any case. */
  list: z.strictObject({ toRead: z.string().nullable(), nextReadAt: Timestamp.nullable() }),
  /**
   * Slices of its members: those that the tenant has, those to be signed and sent, and those that it refused, with the reason for one of
   * them.
   */
  slices: z.strictObject({
    acknowledged: Count,
    waiting: Count,
    refused: Count,
    problem: z.string().nullable(),
  }),
});
export type ConnectGroupStatus = z.infer<typeof ConnectGroupStatus>;

export const groupStatusRoutes = {
  getGroupStatus: route({
    method: 'GET',
    path: '/api/v1/groups/:group',
    access: ['operator'],
    summary: 'the way of one group and of its members, by sAMAccountName, DN, objectGUID or source anchor',
    params: z.strictObject({ group: z.string().max(1024) }),
    reply: ConnectGroupStatus,
  }),
};
