import { z } from 'zod';
import { Forest, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';

/** What is compared, in this order. */
export const COMPARED_KINDS = ['user', 'group', 'membership'] as const;
export type ComparedKind = (typeof COMPARED_KINDS)[number];

const Value = z.union([z.string(), z.boolean()]).nullable();

/** One object that the tenant has in another form than this Connect would send it. */
export const Difference = z.strictObject({
  kind: z.enum(['user', 'password', 'group', 'membership']),
  what: z.enum(['only-here', 'only-there', 'differs']),
  /** For a membership, the group's anchor. */
  sourceAnchor: z.string(),
  /** For a membership, the member's identifier. */
  member: z.string().optional(),
  /** The name for display. */
  name: z.string(),
  /** What differs; null: no value. A password is shown as the time when it was set. */
  attributes: z.array(z.strictObject({ name: z.string(), here: Value, there: Value })),
  /**
   * What will end the difference; null if nothing known will. `approval`: it waits for an administrator. `retry`: it was refused and is
   * retried. `cycle`: it is still to be sent, or read. `on-its-way`: it was sent during the comparison. `staging`: a Connect in staging
   * mode, which does not send it.
   */
  waits: z.enum(['approval', 'retry', 'cycle', 'on-its-way', 'staging']).nullable(),
  /** When it is retried. */
  at: Timestamp.nullable(),
  /** The reason, in words. */
  note: z.string().nullable(),
});
export type Difference = z.infer<typeof Difference>;

/** Where a comparison resumes. */
export const ComparisonPosition = z.strictObject({
  kind: z.enum(COMPARED_KINDS),
  /** The object or membership before it; empty for the first. */
  after: text(512),
});
export type ComparisonPosition = z.infer<typeof ComparisonPosition>;

const Count = z.int().nonnegative();

export const ComparisonPage = z.strictObject({
  differences: z.array(Difference),
  /** Objects or memberships that were compared: this Connect's, and the tenant's. */
  here: Count,
  there: Count,
  /** Users whose passwords were not compared, because this Connect has not read them yet. */
  unread: Count,
  /** This Connect is in staging mode and sends none of the differences. Absent for one that writes. */
  staging: z.literal(true).optional(),
  /** Null: the forest is complete. */
  next: ComparisonPosition.nullable(),
});
export type ComparisonPage = z.infer<typeof ComparisonPage>;

export const comparisonRoutes = {
  compareWithTenant: route({
    method: 'GET',
    path: '/api/v1/comparison',
    access: ['operator'],
    summary:
      'compares some of what this Connect would send of a forest with what the tenant has, and says where to go on; changes nothing',
    query: z.strictObject({
      forest: Forest,
      kind: ComparisonPosition.shape.kind.default('user'),
      after: ComparisonPosition.shape.after.default(''),
    }),
    reply: ComparisonPage,
  }),
};
