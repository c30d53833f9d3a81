import { z } from 'zod';

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
