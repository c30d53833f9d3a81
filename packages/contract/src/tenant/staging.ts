import { z } from 'zod';
import { Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';

/** A Connect in staging mode, and how it becomes the one that writes. Older releases do not know it. */
export const stagingRoutes = {
  createPromotion: route({
    method: 'POST',
    path: '/api/v1/agents/:id/promotion',
    access: ['admin'],
    summary:
      'makes a one-time code by which a Connect that stages becomes the one that writes, and those that are named in `demotes` stage from then on',
    params: z.strictObject({ id: z.uuid() }),
    body: z.strictObject({ demotes: z.array(z.uuid()).max(100) }),
    reply: z.strictObject({ code: z.string(), expiresAt: Timestamp }),
  }),
  promote: route({
    method: 'POST',
    path: '/api/v1/sync/promotion',
    access: ['connect'],
    staging: true,
    summary: 'changes places as an administrator has said by the code: both at the same moment',
    body: z.strictObject({ code: text(200).min(1) }),
    reply: z.strictObject({ demoted: z.array(z.strictObject({ id: z.uuid(), name: z.string() })) }),
  }),
  readStanding: route({
    method: 'GET',
    path: '/api/v1/sync/standing',
    access: ['connect'],
    staging: true,
    summary: 'whether the Connect that asks stages',
    reply: z.strictObject({ staging: z.boolean() }),
  }),
};
