import { z } from 'zod';
import { route } from '../http/route.ts';
import { ConfirmedKeyReply } from './status.ts';

/** Which managed domain passwords are sealed to. */
export const pairingRoutes = {
  trustDomain: route({
    method: 'POST',
    path: '/api/v1/managed-domain/trust',
    access: ['local'],
    summary: "confirms the managed domain's key by its fingerprint: from then on it is sealed to",
    body: z.strictObject({ fingerprint: z.string().max(200) }),
    reply: ConfirmedKeyReply,
  }),
  untrustDomain: route({
    method: 'DELETE',
    path: '/api/v1/managed-domain/trust',
    access: ['local'],
    summary: "trusts the managed domain's key no more",
    reply: z.strictObject({ withdrawn: z.boolean() }),
  }),
};
