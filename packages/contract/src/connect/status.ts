import { z } from 'zod';
import { PublicKey, Timestamp } from '../common.ts';
import { RecordNames } from '../http/accepts.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { ConnectGroups, GroupsNotWritten } from './group-status.ts';
import { ConnectUserStatus } from './user-status.ts';

/** The state of Connect as a whole and for one user, as `causeway connect status` shows it. Nothing in it is secret. */

/** The managed domain's keys that an administrator confirmed. The fingerprint covers both. */
const ConfirmedKey = PublicKey.extend({
  receiptKey: PublicKey.shape.publicKey,
  realm: z.string(),
  confirmedAt: Timestamp,
});
export type ConfirmedKey = z.infer<typeof ConfirmedKey>;
export const ConfirmedKeyReply = z.strictObject({ confirmed: ConfirmedKey });

/** The progress of a forced full password sync. */
export const FullPasswordSync = z.strictObject({
  id: z.int(),
  requestedAt: Timestamp,
  startedAt: Timestamp.nullable(),
  readAt: Timestamp.nullable(),
  completedAt: Timestamp.nullable(),
  /** Users sent so far, and the expected total. */
  users: z.int(),
  total: z.int(),
  /** Users per second since it began to read; null until it can be computed. */
  rate: z.number().nullable(),
  /** When it is expected to have read every user. */
  expectedAt: Timestamp.nullable(),
  /** Users whose legacy credentials wait until the managed domain's key is confirmed. */
  owed: z.int(),
  /** Why it is not done, in words; null while it makes progress and when it is done. */
  waitingFor: z.string().nullable(),
});
export type FullPasswordSync = z.infer<typeof FullPasswordSync>;

const Problem = z.strictObject({
  user: z.string(),
  kind: z.enum(['object', 'password']),
  code: z.string(),
  reason: z.string(),
  attempts: z.int(),
  since: Timestamp,
  nextAt: Timestamp,
});

const Count = z.int().nonnegative();

const Arrived = z.strictObject({ arrived: Count, all: Count });

/** How much of a forest has arrived in the managed domain, according to the domain's receipts. */
export const ConnectArrival = z.strictObject({
  state: z.enum([
    /** No managed domain is confirmed, so nothing has to arrive. */
    'no managed domain',
    'no receipt yet',
    'complete',
    'on its way',
    /** Everything arrived. Some of it was not written, for the reasons listed. */
    'not all written',
    /** Something has not arrived. */
    'differs',
    /** No recent receipt: the managed domain does not run, or the tenant withholds it. */
    'silent',
  ]),
  accounts: Arrived,
  credentials: Arrived,
  /** Groups, and slices of their members. Absent if the managed domain reports none. */
  groups: Arrived.optional(),
  slices: Arrived.optional(),
  completeAsOf: Timestamp.nullable(),
  receiptAt: Timestamp.nullable(),
  /** In words; null if there is none. */
  alarm: z.string().nullable(),
  /** The first users or groups whose state in the managed domain is wrong; `missingCount` is the number of all. */
  missing: z.array(
    z.strictObject({
      /** The user's name, or the group's if the line is about a group. */
      user: z.string(),
      sourceAnchor: z.string(),
      what: z.enum(['account', 'credential', 'not deleted', 'group', 'members', 'group not deleted']),
      /** The managed domain's reason for not writing it, if it arrived. */
      refused: z.string().nullable(),
      /** Further details on the reason, in words. */
      reason: z.string().optional(),
    }),
  ),
  missingCount: Count,
  /** Groups, and groups with a slice of members, that arrived but were not written, or only in part. Absent if there are none. */
  groupsNotWritten: GroupsNotWritten.optional(),
  /**
   * Records beyond those of the first release that the managed domain has signed that it reads. Absent if it has signed nothing about them.
   */
  reads: RecordNames.optional(),
});
export type ConnectArrival = z.infer<typeof ConnectArrival>;

/** Which of several domain controllers a connector reads. */
export const ControllerInUse = z.strictObject({
  server: z.string(),
  preferred: z.string(),
  /** When the connector moved there, and why; null if it never moved. */
  since: Timestamp.nullable(),
  reason: z.string().nullable(),
  /**
   * Since when the domain controller lacks something that was read before. Meanwhile Connect deletes and enables nobody. Null if it lacks
   * nothing.
   */
  lagsSince: Timestamp.nullable(),
});
export type ControllerInUse = z.infer<typeof ControllerInUse>;

/** What waits until an administrator accepts that a forest was restored from a backup. */
export const RestoreState = z.strictObject({
  connector: z.string(),
  forest: z.string(),
  /** The domain controller that Connect reads. */
  server: z.string(),
  /** When Connect found it restored, and why; null if only the tenant reports newer passwords. */
  since: Timestamp.nullable(),
  reason: z.string().nullable(),
  /** Passwords that are older there than in the tenant, and some of their users. */
  olderPasswords: Count,
  older: z.array(z.string()),
  /** Users who were disabled or deleted, and would be enabled or created again; and some of them. */
  openings: Count,
  opening: z.array(z.string()),
  /** True if everything has been read since, so that the numbers are complete. */
  complete: z.boolean(),
});
export type RestoreState = z.infer<typeof RestoreState>;
/** What differs between the tenant and what it acknowledged. */
export const ConnectComparison = z.strictObject({
  /** When it was compared last, and how many users differed then. */
  at: Timestamp,
  differing: Count,
  /** Users with something signed again within a day, whichever place caused it. */
  saidAnew: Count,
  /** Those of them who differed repeatedly and were named in an alarm. */
  alarmed: Count,
  /**
   * Users and groups that another place has and this Connect does not know, before it has asked the directory or while the directory has
   * them.
   */
  strangers: Count,
  /** Those that the directory does not have, and whose deletions wait for an administrator. */
  strangersHeld: Count,
});
export type ConnectComparison = z.infer<typeof ConnectComparison>;

/** This machine's clock and the domain controller's, if they are more than five minutes apart. */
const ClockDifference = z.strictObject({
  since: Timestamp,
  /** How far this machine's clock is ahead; negative: behind. */
  aheadSeconds: z.int(),
});

export const ConnectStatus = z.strictObject({
  tenant: z.strictObject({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    /** The oldest Connect that the tenant accepts; null until the tenant reports it. */
    minimumAgentVersion: z.string().nullable(),
    /** Other running starts of this Connect that the tenant sees; absent if there are none. */
    otherRuns: SeenRuns.optional(),
  }),
  signingKey: PublicKey,
  /** Staging mode: it signs and sends nothing. Absent for a Connect that writes. */
  staging: z.strictObject({ since: Timestamp, agentId: z.string() }).optional(),
  pairing: z.strictObject({
    state: z.enum(['off', 'unconfirmed', 'confirmed', 'unknown']),
    /** Why the tenant's state is unknown, as a code and in words. */
    code: z.string().optional(),
    reason: z.string().optional(),
    realm: z.string().nullable(),
    confirmed: ConfirmedKey.nullable(),
    offered: z.strictObject({ fingerprint: PublicKey.shape.fingerprint }).nullable(),
    /**
     * Records beyond those of the first release that the managed domain reads, according to the tenant. Absent if it does not report them.
     */
    reads: RecordNames.optional(),
  }),
  connectors: z.array(
    z.strictObject({
      name: z.string(),
      forest: z.string(),
      /** The password channel's switch. */
      passwordSync: z.boolean(),
      lastObjectCycleAt: Timestamp.nullable(),
      lastPasswordCycleAt: Timestamp.nullable(),
      lastError: z.string().nullable(),
      /** Which domain controller is read. Present if the connector has several. */
      domainController: ControllerInUse.optional(),
      /** What waits until an administrator accepts that the forest was restored. Present if something waits. */
      restore: RestoreState.optional(),
      /** The epoch of the forest's password orders. Present once the forest was restored. */
      epoch: z.int().positive().optional(),
      clock: ClockDifference.optional(),
      users: Count,
      exported: Count,
      passwords: Count,
      withLegacyRecord: Count,
      waiting: Count,
      queued: Count,
      quarantined: Count,
      owed: Count,
      /** Deletions that wait for an administrator. */
      suppressedDeletes: Count,
      /** The first users who can still sign in because of that; `stillSigningInCount` is the number of all. */
      stillSigningIn: z.array(z.string()),
      stillSigningInCount: Count,
      /**
       * Users in the tenant whose passwords are not to be synchronized, and those whose withdrawal waits for an administrator. Absent if
       * there are neither.
       */
      passwordScope: z.strictObject({ out: Count, held: Count }).optional(),
      /** New users that wait for an administrator. */
      suppressedCreations: Count,
      /** New names in the managed domain that wait for an administrator. */
      suppressedRenames: Count.optional(),
      /** New users within 24 hours, if they are enough for an alarm. */
      growthAlarm: Count.nullable(),
      /** Present once Connect has seen a group. */
      groups: ConnectGroups.optional(),
      fullPass: FullPasswordSync.nullable(),
      /** Absent until the tenant was compared, and if the tenant's release does not support it. */
      comparison: ConnectComparison.optional(),
      arrival: ConnectArrival,
      waitingFor: z.array(z.strictObject({ user: z.string(), reason: z.string(), since: Timestamp })),
      queue: z.array(Problem),
      quarantine: z.array(Problem),
    }),
  ),
  events: z.array(
    z.strictObject({
      at: Timestamp,
      eventId: z.int(),
      level: z.enum(['info', 'warn', 'error']),
      connector: z.string().nullable(),
      text: z.string(),
    }),
  ),
});
export type ConnectStatus = z.infer<typeof ConnectStatus>;

/** The state of Connect as a whole and for one user. */
export const statusRoutes = {
  getStatus: route({
    method: 'GET',
    path: '/api/v1/status',
    access: ['operator'],
    summary: 'how Connect stands: cycles, counts, queues, full passes, pairing, the last events',
    reply: ConnectStatus,
  }),
  getUserStatus: route({
    method: 'GET',
    path: '/api/v1/users/:user',
    access: ['operator'],
    summary: 'the way of one user, by userPrincipalName, sAMAccountName, DN, objectGUID or source anchor',
    params: z.strictObject({ user: z.string().max(1024) }),
    reply: ConnectUserStatus,
  }),
};
