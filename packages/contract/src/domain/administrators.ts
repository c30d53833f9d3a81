import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { Done, ForestText, ManagedAccount, PersonText } from './people.ts';

/** One line of `causeway domain administrators`. */
export const ListedAdministrator = z.strictObject({
  forest: z.string(),
  anchor: z.string(),
  /** `unknown`: no account here has this forest and anchor. */
  state: z.enum(['accepted', 'proposed', 'unknown']),
  cloudOnly: z.boolean(),
  objectGuid: z.string().nullable(),
  name: z.string().nullable(),
  samAccountName: z.string().nullable(),
  /** An accepted user's name at the time of acceptance. */
  acceptedAs: z.string().nullable(),
  /** For an unknown user, the tenant's name for them, which may be false. */
  calledByTenant: z.string().nullable(),
  /** Time of the acceptance, otherwise of the proposal. */
  since: Timestamp,
});
export type ListedAdministrator = z.infer<typeof ListedAdministrator>;

/** A user who can be accepted as an administrator, as the question shows them. */
export const AdministratorCandidate = z.strictObject({
  entry: ManagedAccount,
  proposal: z.strictObject({
    forest: z.string(),
    anchor: z.string(),
    /** When they became a member at the tenant, according to the tenant. */
    addedAt: z.string(),
    /** The tenant's name for them, which is not trusted. */
    calledByTenant: z.string(),
    /** When this domain first saw the proposal. */
    since: Timestamp,
    accepted: z.strictObject({ objectGuid: z.string(), name: z.string(), at: Timestamp }).nullable(),
  }),
});
export type AdministratorCandidate = z.infer<typeof AdministratorCandidate>;

export const domainAdministratorRoutes = {
  listAdministrators: route({
    method: 'GET',
    path: '/administrators',
    access: ['local'],
    summary: 'who is accepted as an administrator of the managed domain, and whom the tenant proposes',
    reply: z.strictObject({ administrators: z.array(ListedAdministrator) }),
  }),
  findCandidate: route({
    method: 'GET',
    path: '/administrators/candidate',
    access: ['local'],
    summary: 'who is meant, if they can be accepted',
    query: z.strictObject({ user: PersonText, forest: ForestText.optional(), cloudOnly: z.stringbool() }),
    reply: AdministratorCandidate,
  }),
  acceptAdministrator: route({
    method: 'POST',
    path: '/administrators/accept',
    access: ['local'],
    summary: 'accepts exactly the object that was shown',
    body: z.strictObject({
      forest: ForestText,
      anchor: z.string(),
      objectGuid: z.string(),
      cloudOnly: z.boolean(),
    }),
    reply: Done,
  }),
  removeAdministrator: route({
    method: 'POST',
    path: '/administrators/remove',
    access: ['local'],
    summary: "takes an acceptance back; the tenant's proposal stays",
    body: z.strictObject({ user: PersonText, forest: ForestText.optional() }),
    reply: Done,
  }),
};
