import { z } from 'zod';
import { Forest, MAX_BATCH, Sequence, SignedRecord, SourceAnchor, Verdict } from '../common.ts';
import { route } from '../http/route.ts';
import { Cursor } from './managed-domain.ts';
import { BucketDigests, Buckets, MAX_LINES } from './synchronization.ts';

/** A group or its deletion. Its record holds all of it. */
export const GroupChange = z.strictObject({ sourceAnchor: SourceAnchor, record: SignedRecord });
export type GroupChange = z.infer<typeof GroupChange>;

/** Which slice of a group's members: the first bits of their keys (docs/formats.md, *Slices*). */
export const SlicePrefix = z
  .string()
  .max(32)
  .regex(/^[01]*$/, 'digits, each 0 or 1');

/** A slice of a group's members. Its record holds all of it. */
export const MembersChange = z.strictObject({
  sourceAnchor: SourceAnchor,
  prefix: SlicePrefix,
  record: SignedRecord,
});
export type MembersChange = z.infer<typeof MembersChange>;

/** The outcome for one slice. */
export const MembersVerdict = Verdict.extend({ prefix: SlicePrefix });
export type MembersVerdict = z.infer<typeof MembersVerdict>;

/** A verdict that does not match the contract is ignored. It affects only its own item, which is sent again. */
const listOf = <T>(verdict: z.ZodType<T>) =>
  z.strictObject({
    verdicts: z
      .array(verdict.nullable().catch(null))
      .transform(verdicts => verdicts.filter(one => one !== null)),
  });

/** What the tenant has of one group, or of one slice of its members. */
export const GroupLine = z.strictObject({
  sourceAnchor: SourceAnchor,
  /** Null for the group itself. */
  prefix: SlicePrefix.nullable(),
  sequence: Sequence,
});
export type GroupLine = z.infer<typeof GroupLine>;

/** Where reading lines resumes: after this one. The order is by anchor, a group before its slices, slices by prefix. */
const LineKey = z.strictObject({ sourceAnchor: SourceAnchor, prefix: SlicePrefix.nullable() });

/** Items on one page of the feed of groups: fewer than of users, as a slice is ten times as long. */
export const MAX_GROUP_PAGE = 250;

/**
 * A group in the change feed: its record, or a slice of its members. Domain Services trusts only what it says under a trusted signature.
 */
export const GroupFeedItem = z.strictObject({
  /** Null for one of the tenant's own groups. */
  forest: Forest.nullable(),
  sourceAnchor: SourceAnchor,
  record: SignedRecord,
});
export type GroupFeedItem = z.infer<typeof GroupFeedItem>;

export const GroupFeedQuery = z.strictObject({
  after: Cursor.default(''),
  limit: z.coerce.number().int().min(1).max(MAX_GROUP_PAGE).default(MAX_GROUP_PAGE),
  /** Seconds. */
  wait: z.coerce.number().min(0).max(60).default(0),
});
export type GroupFeedQuery = z.infer<typeof GroupFeedQuery>;

export const GroupFeedPage = z.strictObject({
  items: z.array(GroupFeedItem).max(MAX_GROUP_PAGE),
  cursor: Cursor,
  more: z.boolean(),
});
export type GroupFeedPage = z.infer<typeof GroupFeedPage>;

export const synchronizedGroupRoutes = {
  exportGroups: route({
    method: 'POST',
    path: '/api/v1/sync/groups',
    access: ['connect'],
    summary:
      'creates, updates and deletes synchronized groups by source anchor; idempotent; a verdict an item',
    body: z.strictObject({ forest: Forest, changes: z.array(GroupChange).min(1).max(MAX_BATCH) }),
    reply: listOf(Verdict),
  }),
  exportMembers: route({
    method: 'POST',
    path: '/api/v1/sync/members',
    access: ['connect'],
    summary: 'sets slices of the members of synchronized groups; idempotent; a verdict an item',
    body: z.strictObject({ forest: Forest, changes: z.array(MembersChange).min(1).max(MAX_BATCH) }),
    reply: listOf(MembersVerdict),
  }),
  compareGroups: route({
    method: 'POST',
    path: '/api/v1/sync/compare-groups',
    access: ['connect'],
    summary: 'which buckets of the groups of a forest the tenant has otherwise than Connect says',
    body: z.strictObject({ forest: Forest, buckets: BucketDigests }),
    reply: z.strictObject({ differing: Buckets }),
  }),
  readGroupLines: route({
    method: 'POST',
    path: '/api/v1/sync/group-lines',
    access: ['connect'],
    summary: 'what the tenant has of the groups of some buckets and of the slices of their members',
    body: z.strictObject({
      forest: Forest,
      buckets: Buckets.min(1),
      /** The last line of the previous answer; null for the first. */
      after: LineKey.nullable(),
    }),
    reply: z.strictObject({ lines: z.array(GroupLine).max(MAX_LINES), more: z.boolean() }),
  }),
  readGroupChanges: route({
    method: 'GET',
    path: '/api/v1/domain/group-changes',
    access: ['domain'],
    summary:
      'records of groups, and slices of their members, that changed after a cursor; oldest first; waits up to `wait` seconds when there are none',
    query: GroupFeedQuery,
    reply: GroupFeedPage,
  }),
};
