import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ForestText } from './people.ts';

const Operation = z.enum(['delete', 'create']);

/** A list of changes that waits for an administrator, as it is shown. */
export const DomainHeldList = z.strictObject({
  /** Stands for exactly these lines. */
  digest: z.string(),
  forest: z.string(),
  operation: Operation,
  /** When the first of them was held. */
  since: Timestamp,
  /** The first of them; `count` is the number of all. */
  people: z.array(
    z.strictObject({
      user: z.string(),
      name: z.string(),
      sourceAnchor: z.string(),
      sequence: z.int(),
      canSignIn: z.boolean(),
    }),
  ),
  count: z.int().nonnegative(),
  /** Lines of the shown list that no longer apply. */
  ceased: z.int().nonnegative(),
});
export type DomainHeldList = z.infer<typeof DomainHeldList>;

const ByDigest = z.strictObject({ digest: z.string().max(64) });

export const domainHeldRoutes = {
  listHeld: route({
    method: 'GET',
    path: '/held',
    access: ['local'],
    summary:
      'what waits for an administrator: deletions, or new users; a list for each forest, with its digest',
    query: z.strictObject({ operation: Operation, forest: ForestText.optional() }),
    reply: z.strictObject({ lists: z.array(DomainHeldList) }),
  }),
  getHeld: route({
    method: 'GET',
    path: '/held/:digest',
    access: ['local'],
    summary: 'a list that was shown, with what of it still holds',
    params: ByDigest,
    reply: DomainHeldList,
  }),
  approveHeld: route({
    method: 'POST',
    path: '/held/:digest',
    access: ['local'],
    summary: 'lets go those of a shown list that still hold, and nothing else',
    params: ByDigest,
    body: z.strictObject({ operation: Operation }),
    reply: DomainHeldList,
  }),
};
