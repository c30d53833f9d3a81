import { z } from 'zod';
import { Empty, Timestamp } from '../common.ts';
import { route } from '../http/route.ts';

/** The tenant lost changes because its database was restored to an earlier day. */
export const Loss = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/, '12 hexadecimal digits'),
  /** Time of the last change that is not lost; null if unknown. */
  since: Timestamp.nullable(),
  /** Changes up to at least this time are lost. */
  until: Timestamp,
  foundAt: Timestamp,
  /** Name of the agent that proved it. */
  foundBy: z.string(),
});
export type Loss = z.infer<typeof Loss>;

export const lossRoutes = {
  listLosses: route({
    method: 'GET',
    path: '/api/v1/losses',
    access: ['admin'],
    summary: 'when the tenant lost changes, until an administrator has seen it',
    reply: z.strictObject({ losses: z.array(Loss) }),
  }),
  seeLoss: route({
    method: 'POST',
    path: '/api/v1/losses/seen',
    access: ['admin'],
    summary: 'says that an administrator has looked at what may have come back or gone with the lost changes',
    body: z.strictObject({ id: Loss.shape.id }),
    reply: Empty,
  }),
};
