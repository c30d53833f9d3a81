import { z } from 'zod';
import { Empty } from '../common.ts';
import { route } from '../http/route.ts';
import { Replaces } from '../tenant/managed-domain.ts';
import { Done, ForestText, PersonText } from './people.ts';

/** `forest`: if several users have the name, or none is known by it. `by`: the machine's user who runs the command. */
const WHOM = {
  user: PersonText,
  forest: ForestText.optional(),
  by: z.string().max(256).optional(),
};

/** An administrator's decision about a registration. */
export const RegisterRequest = z.strictObject({
  /** Required if the tenant does not accept this domain's agent. */
  code: z.string().min(1).max(200).optional(),
  /** The other domain that this one replaces, as it was shown. */
  replaces: Replaces.optional(),
});
export type RegisterRequest = z.infer<typeof RegisterRequest>;

/** Which keys the managed domain trusts, which users it blocks, and which differences it accepts. */
export const domainDecisionRoutes = {
  trustAgent: route({
    method: 'POST',
    path: '/agents/trust',
    access: ['local'],
    summary:
      "trusts a Connect's signing key for a forest, by its fingerprint; another one that is trusted for it has to be named in `replaces`, and is trusted no more",
    body: z.strictObject({
      fingerprint: z.string(),
      forest: ForestText,
      /** Fingerprints of the keys that it replaces. */
      replaces: z.array(z.string()).max(20).optional(),
    }),
    reply: Done,
  }),
  untrustAgent: route({
    method: 'POST',
    path: '/agents/untrust',
    access: ['local'],
    summary: 'trusts a key no more, for one forest or for all',
    body: z.strictObject({ fingerprint: z.string(), forest: ForestText.optional() }),
    reply: Done,
  }),
  trustTenant: route({
    method: 'POST',
    path: '/tenant/trust',
    access: ['local'],
    summary: "trusts the tenant's own key, which signs cloud-only users, after it has changed",
    body: z.strictObject({ fingerprint: z.string() }),
    reply: Done,
  }),
  acceptUser: route({
    method: 'POST',
    path: '/users/accept',
    access: ['local'],
    summary: 'accepts exactly what waits of a user: a moved anchor or an older password',
    body: z.strictObject({ anchor: z.string(), forest: ForestText.optional() }),
    reply: Done,
  }),
  blockUser: route({
    method: 'POST',
    path: '/users/block',
    access: ['local'],
    summary: 'keeps somebody out of the managed domain at once, whatever the forest or the tenant says',
    body: z.strictObject({ ...WHOM, reason: z.string().min(1).max(500).optional() }),
    reply: Done,
  }),
  unblockUser: route({
    method: 'POST',
    path: '/users/unblock',
    access: ['local'],
    summary: 'ends a block: the account is what its forest says',
    body: z.strictObject(WHOM),
    reply: Done,
  }),
  repairUser: route({
    method: 'POST',
    path: '/users/repair',
    access: ['local'],
    summary:
      'has an account put right that somebody disabled, deleted or gave an earlier expiry date by hand in the managed domain',
    body: z.strictObject(WHOM),
    reply: Done,
  }),
  deleteUnclaimed: route({
    method: 'POST',
    path: '/users/delete-unclaimed',
    access: ['local'],
    summary: 'has the accounts of a forest deleted that are disabled because no record of them came',
    body: z.strictObject({ forest: ForestText }),
    reply: Done,
  }),
  register: route({
    method: 'POST',
    path: '/register',
    access: ['local'],
    summary: 'registers this managed domain with its tenant (again), and has the feed read from its start',
    body: RegisterRequest,
    reply: Empty,
  }),
};
