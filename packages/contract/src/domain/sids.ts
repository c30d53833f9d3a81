import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { Done, ForestText } from './people.ts';

/** A domain's SID, without a RID. */
export const DomainSidText = z.string().regex(/^S-1-5-21-\d{1,10}-\d{1,10}-\d{1,10}$/, 'a domain’s SID');

/** A domain on-premises whose people have SIDs of it. */
export const OnPremisesDomain = z.strictObject({
  sid: z.string(),
  forest: z.string(),
  /** When the forest brought it first. */
  since: Timestamp,
  /** Null: nobody has confirmed that it is the forest's, and its people get no on-premises SIDs here. */
  confirmedAt: Timestamp.nullable(),
  /** Since when an administrator has said that it is not the forest's; null where nobody has been asked. */
  declinedAt: Timestamp.nullable().optional(),
  people: z.int().nonnegative(),
});
export type OnPremisesDomain = z.infer<typeof OnPremisesDomain>;

export const OnPremisesSids = z.strictObject({
  /** As the configuration says. */
  setting: z.enum(['all', 'none']),
  /** People who have their SID here, and those of whom something is still to be done. */
  written: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  domains: z.array(OnPremisesDomain),
});
export type OnPremisesSids = z.infer<typeof OnPremisesSids>;

export const domainSidRoutes = {
  listSids: route({
    method: 'GET',
    path: '/sids',
    access: ['local'],
    summary: 'the domains on-premises whose SIDs people have, and which of them are confirmed',
    reply: OnPremisesSids,
  }),
  confirmSid: route({
    method: 'POST',
    path: '/sids/confirm',
    access: ['local'],
    summary:
      "confirms that a domain's SID is a forest's: its people have their on-premises SIDs here from then on",
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
