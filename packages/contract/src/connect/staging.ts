import { z } from 'zod';
import { text } from '../common.ts';
import { route } from '../http/route.ts';

/** Promotes a staging Connect to the one that writes. */
export const promotionRoutes = {
  promote: route({
    method: 'POST',
    path: '/api/v1/staging/promotion',
    access: ['local'],
    summary:
      'makes this Connect, which stages, the one that writes, by a code of an administrator of the tenant; the one that wrote stages from then on',
    body: z.strictObject({ code: text(200).min(1) }),
    reply: z.strictObject({ demoted: z.array(z.strictObject({ id: z.uuid(), name: z.string() })) }),
  }),
};
