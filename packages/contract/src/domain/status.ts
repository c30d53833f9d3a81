import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { DomainBlock, ForestText, ManagedAccount, UserProblem } from './people.ts';
import { OnPremisesSids } from './sids.ts';

const Count = z.int().nonnegative();

/** Whether this is its tenant's managed domain, according to the tenant's last answer. */
export const Registration = z.strictObject({
  state: z.enum(['registered', 'replaced', 'withdrawn', 'removed', 'unknown']),
  /** When this was first seen; null before the tenant was ever asked. */
  since: Timestamp.nullable(),
  /** What happened and what it means, in words; null if there is no alarm. */
  alarm: z.string().nullable(),
  /** What to do about it. Without an alarm: what is left to do. */
  next: z.string().nullable(),
});
export type Registration = z.infer<typeof Registration>;

/** How machines find the managed domain. */
export const DomainDns = z.strictObject({
  /** `internal`: its domain controller answers. */
  mode: z.enum(['internal', 'none']),
  address: z.string(),
  /** The server for names outside the domain. */
  forwarder: z.string().nullable(),
});
export type DomainDns = z.infer<typeof DomainDns>;

const Records = {
  accounts: Count,
  credentials: Count,
  /** Absent if groups are not reported. */
  groups: Count.optional(),
  slices: Count.optional(),
};

/** How much of a forest has arrived in the managed domain. */
export const DomainArrival = z.strictObject({
  forest: z.string(),
  state: z.enum([
    /** No head has come since the forest's Connect was trusted. */
    'no head yet',
    /** The feed has not been read to its end since the head came, or records newer than the head prevent a comparison. */
    'not compared yet',
    'complete',
    /** Everything arrived. Some of it was not written, for the reasons listed. */
    'not all written',
    /** This is not the tenant's managed domain, so its data is never complete. */
    'not registered',
    'differs',
    'silent',
  ]),
  /** What the tenant has according to the newest head; null without one. */
  head: z.strictObject({ time: Timestamp, ...Records }).nullable(),
  here: z.strictObject(Records),
  /** Everything that the forest sent up to then has arrived here. */
  completeAsOf: Timestamp.nullable(),
  /** Buckets that differ from the head without an explanation. */
  differing: z.array(z.int()),
  /** The same for groups and slices of their members. */
  groupsDiffering: z.array(z.int()).optional(),
  notWritten: Count,
  alarm: z.strictObject({ kind: z.enum(['differs', 'silent']), since: Timestamp }).nullable(),
});
export type DomainArrival = z.infer<typeof DomainArrival>;

/** How many administrators of the managed domain are proposed and accepted. */
export const AdministratorCounts = z.strictObject({
  accepted: Count,
  /** Proposed but not accepted. */
  waiting: Count,
  /** Members at the tenant in addition to those that it proposes. */
  more: Count,
  /** Whether the tenant reports whom it proposes; null before it was ever asked. */
  tenant: z.enum(['says', 'older']).nullable(),
});
export type AdministratorCounts = z.infer<typeof AdministratorCounts>;

/** The forests' groups in the managed domain, in numbers. */
export const DomainGroups = z.strictObject({
  /** Groups in the directory. `waiting`: records that are not written yet. `unclaimed`: groups in the directory without a record. */
  ...{ groups: Count, waiting: Count, unclaimed: Count },
  /** Written memberships, and those whose member or group does not exist. */
  ...{ memberships: Count, membershipsWaiting: Count },
  /** Deletions of groups, and those of them that wait for an administrator. */
  ...{ deletionsWaiting: Count, deletionsHeld: Count },
  /** When the feed of groups was last read to its end; null while there is more to read. */
  readAt: Timestamp.nullable(),
  /** Whether the tenant has such a feed; null if that is unknown. */
  served: z.boolean().nullable(),
  /** Why the feed of groups cannot be followed, in words. */
  trouble: z.string().nullable(),
  /** Refused records and slices, by code. */
  problems: z.record(z.string(), Count),
});
export type DomainGroups = z.infer<typeof DomainGroups>;

/** What `causeway domain status` shows. Nothing in it is secret. */
export const DomainStatus = z.strictObject({
  realm: z.string(),
  tenant: z.string(),
  /** The agent itself runs. Without it, no feed is followed. */
  following: z.boolean(),
  /** Why the feed cannot be followed, in words. */
  trouble: z.string().nullable(),
  domain: z.strictObject({ running: z.boolean(), since: Timestamp.nullable() }),
  /** Samba's release and what it lacks. Absent if no running service has checked. */
  samba: z
    .strictObject({
      version: z.string().nullable(),
      lacks: z.array(z.strictObject({ id: z.string(), what: z.string() })),
      warning: z.string().nullable(),
    })
    .optional(),
  /** Absent from an older release. */
  dns: DomainDns.optional(),
  onPremisesSids: OnPremisesSids.optional(),
  registration: Registration,
  /** Other running starts of this Domain Services that the tenant sees; absent if there are none. */
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
    /** The tenant's own key, for cloud-only users. `offered` is another one that waits for confirmation. */
    tenantKey: z.strictObject({ fingerprint: z.string().nullable(), offered: z.string().nullable() }),
  }),
  /** `unclaimed`: accounts in the directory that no record has claimed. */
  accounts: z.strictObject({
    ...{ accounts: Count, withCredential: Count, deleted: Count },
    unclaimed: Count.optional(),
  }),
  /** Absent from an older release. */
  groups: DomainGroups.optional(),
  administrators: AdministratorCounts,
  /** Users whom administrators block: how many, those not written to the account yet, and the newest. */
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
    /** A lockout of an account that the domain needs, lifted within the last day; null if there was none. */
    alarm: z.string().nullable(),
    /** Older accounts whose own password changes are not refused yet. */
    ownChangesWaiting: Count,
    /** Older accounts that do not carry their mark yet. */
    marksWaiting: Count.optional(),
  }),
  /** One for each trusted forest. */
  arrivals: z.array(DomainArrival),
  deletions: z.strictObject({
    waiting: Count,
    /** Those of the waiting ones that wait for an administrator. */
    held: Count,
    /** The first users who can still sign in because of that; `stillSigningInCount` is the number of all. */
    stillSigningIn: z.array(z.string()),
    stillSigningInCount: Count,
  }),
  /** New accounts that wait for an administrator, and the number within 24 hours for each forest with too many. */
  creations: z.strictObject({ held: Count, alarms: z.record(z.string(), Count) }),
  /**
   * `asides`: names and SIDs that differ from their records, which are written all the same. `unlisted`: refused records without a trusted
   * signature, beyond those that are listed.
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
  /** Null for a blocked user of whom nothing has come yet. */
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
