import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ExportStatus, ObjectStatus } from './object-status.ts';

const Count = z.int().nonnegative();

/** Groups and who is in them. */
export const ConnectGroups = z.strictObject({
  /** That the tenant should have, and that it has. */
  groups: Count,
  exported: Count,
  /** Members of those groups, in scope or not. */
  memberships: Count,
  /** Slices of members that are to be signed, and those of them that the tenant did not take; with the reason of one. */
  slicesWaiting: Count,
  slicesRefused: Count,
  problem: z.string().nullable(),
  /** Lists of members that are to be read whole. */
  listsToRead: Count,
  /** Members that are well-known SIDs, of whom nothing is sent. */
  wellKnown: Count,
  /** Groups whose deletion, and members whose removal, waits for an administrator. */
  suppressedDeletes: Count,
  suppressedRemovals: Count,
  /** The first groups that contain a group that is not synchronized: what its members have by that does not arrive. */
  containing: z.array(z.strictObject({ group: z.string(), contains: z.string() })),
  /** Groups with more than 250,000 members, which the original leaves out. */
  large: z.array(z.strictObject({ group: z.string(), members: Count })),
  /** Why nothing goes, in words, beginning with ALARM where somebody may withhold it; null where it goes. */
  waitingFor: z.string().nullable(),
});
export type ConnectGroups = z.infer<typeof ConnectGroups>;

/** What came to the managed domain and is not written there, or not wholly, as its receipt says. */
export const GroupsNotWritten = z.strictObject({
  /** Of those that the receipt names: it names at most 200 records. */
  count: Count,
  /** The first of them, with the managed domain's own word why. */
  groups: z.array(
    z.strictObject({
      group: z.string(),
      sourceAnchor: z.string(),
      what: z.enum(['group', 'members']),
      code: z.string(),
    }),
  ),
});

/** How it stands with one group. */
export const ConnectGroupStatus = ObjectStatus.extend({
  group: z.string(),
  export: ExportStatus.extend({
    /** Why the tenant has not got it as it should be, where it was asked. */
    problem: z.string().nullable(),
  }),
  /** In its list or by primary group, in scope or not. */
  members: Count,
  /** Why its list is to be read whole now, null where it is not; and when it is read next in any case. */
  list: z.strictObject({ toRead: z.string().nullable(), nextReadAt: Timestamp.nullable() }),
  /** Slices of its members: that the tenant has, that are to be signed and sent, that it did not take; with the reason of one. */
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
