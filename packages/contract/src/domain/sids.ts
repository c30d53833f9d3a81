import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { Done, ForestText } from './people.ts';

/** A domain's SID, without a RID. */
export const DomainSidText = z.string().regex(/^S-1-5-21-\d{1,10}-\d{1,10}-\d{1,10}$/, 'a domain’s SID');

const Count = z.int().nonnegative();

/** An on-premises domain that issued SIDs of users and groups. */
export const OnPremisesDomain = z.strictObject({
  sid: z.string(),
  forest: z.string(),
  /** When the forest first sent it. */
  since: Timestamp,
  /** Null: nobody has confirmed that it belongs to the forest, so nobody gets on-premises SIDs of it here. */
  confirmedAt: Timestamp.nullable(),
  /** When an administrator answered that it does not belong to the forest; null if nobody has been asked. */
  declinedAt: Timestamp.nullable().optional(),
  people: Count,
  /** Security groups. Absent from an older release. */
  groups: Count.optional(),
});
export type OnPremisesDomain = z.infer<typeof OnPremisesDomain>;

/** Users in so many groups with on-premises SIDs that Windows may refuse them. */
export const FullTokens = z.strictObject({
  /** The number of groups above which a user counts. */
  above: Count,
  at: Timestamp,
  count: Count,
  /** The first of them. */
  people: z.array(
    z.strictObject({ forest: z.string(), anchor: z.string(), user: z.string(), groups: Count }),
  ),
});
export type FullTokens = z.infer<typeof FullTokens>;

export const OnPremisesSids = z.strictObject({
  /** As configured: for everybody, for security groups only, or for nobody. */
  setting: z.enum(['all', 'groups', 'none']),
  /** Users who have their SID here, and those for whom it is still to be done. */
  written: Count,
  waiting: Count,
  /** The same for security groups. Absent from an older release. */
  groups: z.strictObject({ written: Count, waiting: Count }).optional(),
  domains: z.array(OnPremisesDomain),
  /** Absent until they were counted. */
  fullTokens: FullTokens.optional(),
});
export type OnPremisesSids = z.infer<typeof OnPremisesSids>;

export const domainSidRoutes = {
  listSids: route({
    method: 'GET',
    path: '/sids',
    access: ['local'],
    summary: 'the domains on-premises whose SIDs people and groups have, and which of them are confirmed',
    reply: OnPremisesSids,
  }),
  confirmSid: route({
    method: 'POST',
    path: '/sids/confirm',
    access: ['local'],
    summary:
      "confirms that a domain's SID is a forest's: its people and groups have their on-premises SIDs here from then on",
    body: z.strictObject({ sid: z.string().max(100), forest: ForestText }),
    reply: Done,
  }),
  unconfirmSid: route({
    method: 'POST',
    path: '/sids/unconfirm',
    access: ['local'],
    summary: 'takes that back, or says that it is not: nobody has SIDs of the domain here any more',
    body: z.strictObject({ sid: z.string().max(100) }),
    reply: Done,
  }),
};
