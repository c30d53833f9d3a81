import { z } from 'zod';
import { Forest, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';

/** What is compared, one after the other. */
export const COMPARED_KINDS = ['user', 'group', 'membership'] as const;
export type ComparedKind = (typeof COMPARED_KINDS)[number];

const Value = z.union([z.string(), z.boolean()]).nullable();

/** One thing that the tenant has otherwise than this Connect would send it. */
export const Difference = z.strictObject({
  kind: z.enum(['user', 'password', 'group', 'membership']),
  what: z.enum(['only-here', 'only-there', 'differs']),
  /** Of a membership the group's. */
  sourceAnchor: z.string(),
  /** Of a membership what the member is known by. */
  member: z.string().optional(),
  /** As people call it. */
  name: z.string(),
  /** What differs; null: it has none. A password is told by when it was set. */
  attributes: z.array(z.strictObject({ name: z.string(), here: Value, there: Value })),
  /**
   * Why it is no surprise; null where nothing is known that would end it. `approval`: an administrator's word. `retry`: it was refused, and
   * is tried again. `cycle`: it is to be sent, or read. `on-its-way`: it went while it was compared. `staging`: it would be sent, by a Connect
   * that stages.
   */
  waits: z.enum(['approval', 'retry', 'cycle', 'on-its-way', 'staging']).nullable(),
  /** When it is tried again. */
  at: Timestamp.nullable(),
  /** The reason, in words. */
  note: z.string().nullable(),
});
export type Difference = z.infer<typeof Difference>;

/** Where a comparison goes on. */
export const ComparisonPosition = z.strictObject({
  kind: z.enum(COMPARED_KINDS),
  /** Behind which object or membership; empty for the first. */
  after: text(512),
});
export type ComparisonPosition = z.infer<typeof ComparisonPosition>;

const Count = z.int().nonnegative();

export const ComparisonPage = z.strictObject({
  differences: z.array(Difference),
  /** Objects or memberships that were compared: those of this Connect, and those of the tenant. */
  here: Count,
  there: Count,
  /** People whose passwords were not compared, because this Connect has not read them yet. */
  unread: Count,
  /** This Connect stages: it sends nothing of what differs; absent of one that writes. */
  staging: z.literal(true).optional(),
  /** Null: that was all of the forest. */
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
