import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { DomainBlock, ForestText, ManagedAccount, UserProblem } from './people.ts';
import { OnPremisesSids } from './sids.ts';

const Count = z.int().nonnegative();

/** Whether this is its tenant's managed domain, as the tenant said last. */
export const Registration = z.strictObject({
  state: z.enum(['registered', 'replaced', 'withdrawn', 'removed', 'unknown']),
  /** When that was seen first; null before the tenant was ever asked. */
  since: Timestamp.nullable(),
  /** What has happened and what it means, in words; null while all is well. */
  alarm: z.string().nullable(),
  /** What to do about it; without an alarm: what is left to do. */
  next: z.string().nullable(),
});
export type Registration = z.infer<typeof Registration>;

/** How machines find the managed domain. */
export const DomainDns = z.strictObject({
  /** `internal`: its domain controller answers. */
  mode: z.enum(['internal', 'none']),
  address: z.string(),
  /** Who is asked for names that are not the domain's. */
  forwarder: z.string().nullable(),
});
export type DomainDns = z.infer<typeof DomainDns>;

const Records = {
  accounts: Count,
  credentials: Count,
  /** Absent where nothing is told of groups. */
  groups: Count.optional(),
  slices: Count.optional(),
};

/** How much of a forest has arrived in the managed domain. */
export const DomainArrival = z.strictObject({
  forest: z.string(),
  state: z.enum([
    /** No head has come since the forest's Connect was trusted. */
    'no head yet',
    /** The feed has not been read to its end since the head came, or newer records than the head's keep it from being compared. */
    'not compared yet',
    'complete',
    /** Everything came; some of it was not written, for reasons that are named. */
    'not all written',
    /** This is not the tenant's managed domain: what it has is complete in no sense. */
    'not registered',
    'differs',
    'silent',
  ]),
  /** What the newest head says that the tenant has; null without one. */
  head: z.strictObject({ time: Timestamp, ...Records }).nullable(),
  here: z.strictObject(Records),
  /** Everything that the forest said until then has come here. */
  completeAsOf: Timestamp.nullable(),
  /** Buckets that are not as the head says, and that nothing explains. */
  differing: z.array(z.int()),
  /** The same of groups and slices of their members. */
  groupsDiffering: z.array(z.int()).optional(),
  notWritten: Count,
  alarm: z.strictObject({ kind: z.enum(['differs', 'silent']), since: Timestamp }).nullable(),
});
export type DomainArrival = z.infer<typeof DomainArrival>;

/** Who is proposed and accepted as an administrator of the managed domain, in numbers. */
export const AdministratorCounts = z.strictObject({
  accepted: Count,
  /** Proposed and not accepted. */
  waiting: Count,
  /** Members at the tenant beyond those that it proposes. */
  more: Count,
  /** Whether the tenant says whom it proposes; null before it was ever asked. */
  tenant: z.enum(['says', 'older']).nullable(),
});
export type AdministratorCounts = z.infer<typeof AdministratorCounts>;

/** The groups of forests in the managed domain, in numbers. */
export const DomainGroups = z.strictObject({
  /** In the directory; `waiting`: records that it does not have yet; `unclaimed`: groups there of which no record has come. */
  ...{ groups: Count, waiting: Count, unclaimed: Count },
  /** Written; and those whose member, or whose group, is not there. */
  ...{ memberships: Count, membershipsWaiting: Count },
  /** Deletions of groups, and those of them that wait for an administrator. */
  ...{ deletionsWaiting: Count, deletionsHeld: Count },
  /** When the feed of groups was read to its end last; null while more of it is there. */
  readAt: Timestamp.nullable(),
  /** Whether the tenant has such a feed; null where that is not known. */
  served: z.boolean().nullable(),
  /** What keeps the feed of groups from being followed, in words. */
  trouble: z.string().nullable(),
  /** Records and slices that are not taken, by code. */
  problems: z.record(z.string(), Count),
});
export type DomainGroups = z.infer<typeof DomainGroups>;

/** What `causeway domain status` shows. Nothing in it is secret. */
export const DomainStatus = z.strictObject({
  realm: z.string(),
  tenant: z.string(),
  /** The agent itself runs; without it nothing is followed. */
  following: z.boolean(),
  /** What keeps the feed from being followed, in words. */
  trouble: z.string().nullable(),
  domain: z.strictObject({ running: z.boolean(), since: Timestamp.nullable() }),
  /** The release of Samba and what it lacks. Absent where no service runs that has asked. */
  samba: z
    .strictObject({
      version: z.string().nullable(),
      lacks: z.array(z.strictObject({ id: z.string(), what: z.string() })),
      warning: z.string().nullable(),
    })
    .optional(),
  /** Absent of a release before. */
  dns: DomainDns.optional(),
  onPremisesSids: OnPremisesSids.optional(),
  registration: Registration,
  /** Other starts of this Domain Services that the tenant hears beside it; absent without any. */
  otherRuns: SeenRuns.optional(),
  feed: z.strictObject({
    cursor: z.string(),
    readAt: Timestamp.nullable(),
    caughtUpAt: Timestamp.nullable(),
    reportsWaiting: z.boolean(),
  }),
  pairing: z.strictObject({
    fingerprint: z.string(),
    trusted: z.array(
      z.strictObject({
        keyId: z.string(),
        forest: z.string(),
        publicKey: z.string(),
        fingerprint: z.string(),
        trustedAt: Timestamp,
      }),
    ),
    /** The tenant's own key, for cloud-only users; `offered` is another one that waits to be confirmed. */
    tenantKey: z.strictObject({ fingerprint: z.string().nullable(), offered: z.string().nullable() }),
  }),
  /** `unclaimed`: found in the directory, and no record of them has come. */
  accounts: z.strictObject({
    ...{ accounts: Count, withCredential: Count, deleted: Count },
    unclaimed: Count.optional(),
  }),
  /** Absent of a release before. */
  groups: DomainGroups.optional(),
  administrators: AdministratorCounts,
  /** Whom administrators keep out: how many, those that are not on the account yet, and the newest. */
  blocked: z.strictObject({
    count: Count,
    waiting: Count,
    latest: z.array(DomainBlock.extend({ user: z.string() })),
  }),
  /** Accounts that somebody closed by hand in the managed domain: how many, and the newest. */
  byHand: z
    .strictObject({
      count: Count,
      latest: z.array(
        z.strictObject({
          ...{ forest: z.string(), anchor: z.string(), user: z.string() },
          /** expired: its expiry date was set earlier. */
          what: z.enum(['disabled', 'deleted', 'expired']),
          since: Timestamp,
        }),
      ),
    })
    .optional(),
  guard: z.strictObject({
    /** A lock of an account that the domain needs, ended in the last day; null when there was none. */
    alarm: z.string().nullable(),
    /** Accounts from before whose own changes of the password are not refused yet. */
    ownChangesWaiting: Count,
    /** Accounts from before that do not say yet whose they are. */
    marksWaiting: Count.optional(),
  }),
  /** Of each trusted forest. */
  arrivals: z.array(DomainArrival),
  deletions: z.strictObject({
    waiting: Count,
    /** Of those that wait: for an administrator. */
    held: Count,
    /** The first of those who can still sign in because of that; `stillSigningInCount` of them in all. */
    stillSigningIn: z.array(z.string()),
    stillSigningInCount: Count,
  }),
  /** New accounts that wait for an administrator, and by forest those of 24 hours where they are too many. */
  creations: z.strictObject({ held: Count, alarms: z.record(z.string(), Count) }),
  /**
   * `asides`: names and SIDs that are not as their records say, which are written all the same; `unlisted`: refused records of people
   * whom no trusted key signed, beyond those that are listed.
   */
  problems: z.strictObject({
    counts: z.record(z.string(), Count),
    asides: z.record(z.string(), Count),
    unlisted: Count,
    latest: z.array(UserProblem),
  }),
  audit: z.array(
    z.strictObject({ at: Timestamp, action: z.string(), subject: z.string(), detail: z.string() }),
  ),
});
export type DomainStatus = z.infer<typeof DomainStatus>;

/** What `causeway domain status USER` shows. */
export const DomainUserStatus = z.strictObject({
  /** Null of somebody who is blocked and has not come yet. */
  entry: ManagedAccount.nullable(),
  block: DomainBlock.nullable(),
  problems: z.array(UserProblem),
});
export type DomainUserStatus = z.infer<typeof DomainUserStatus>;

export const domainStatusRoutes = {
  getStatus: route({
    method: 'GET',
    path: '/status',
    access: ['local'],
    summary: 'how the managed domain stands: Samba, feed, pairing, counts, what was not written and why',
    reply: DomainStatus,
  }),
  getUserStatus: route({
    method: 'GET',
    path: '/users/:user',
    access: ['local'],
    summary: 'what is known of one user, by a name in the managed domain or the source anchor',
    params: z.strictObject({ user: z.string().max(1024) }),
    query: z.strictObject({ forest: ForestText.optional() }),
    reply: DomainUserStatus,
  }),
};
