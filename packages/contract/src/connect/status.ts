import { z } from 'zod';
import { PublicKey, Timestamp } from '../common.ts';
import { RecordNames } from '../http/accepts.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { ConnectGroups, GroupsNotWritten } from './group-status.ts';
import { ConnectUserStatus } from './user-status.ts';

/** How Connect stands, whole and for one user: what `causeway connect status` shows. Nothing in it is secret. */

/** The managed domain's keys that an administrator confirmed; the fingerprint is that of both. */
const ConfirmedKey = PublicKey.extend({
  receiptKey: PublicKey.shape.publicKey,
  realm: z.string(),
  confirmedAt: Timestamp,
});
export type ConfirmedKey = z.infer<typeof ConfirmedKey>;
export const ConfirmedKeyReply = z.strictObject({ confirmed: ConfirmedKey });

/** A forced full password sync, as far as it is. */
export const FullPasswordSync = z.strictObject({
  id: z.int(),
  requestedAt: Timestamp,
  startedAt: Timestamp.nullable(),
  readAt: Timestamp.nullable(),
  completedAt: Timestamp.nullable(),
  /** Users sent so far, and how many there are to come by. */
  users: z.int(),
  total: z.int(),
  /** Users a second since it began to read; null before there is something to divide. */
  rate: z.number().nullable(),
  /** When it is expected to have read everybody. */
  expectedAt: Timestamp.nullable(),
  /** Users whose legacy credentials wait for the managed domain's key to be confirmed. */
  owed: z.int(),
  /** Why it is not done, in words; null while it goes on or when it is done. */
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

/** How much of a forest has arrived in the managed domain, as the managed domain's receipts say. */
export const ConnectArrival = z.strictObject({
  state: z.enum([
    /** Nobody confirmed a managed domain: nothing is to arrive anywhere. */
    'no managed domain',
    'no receipt yet',
    'complete',
    'on its way',
    /** Everything came; some of it was not written, for the reasons that are named. */
    'not all written',
    /** Something does not arrive. */
    'differs',
    /** No receipt that is new enough: the managed domain does not run, or the tenant withholds. */
    'silent',
  ]),
  accounts: Arrived,
  credentials: Arrived,
  /** Groups, and slices of their members; absent where the managed domain says nothing of them. */
  groups: Arrived.optional(),
  slices: Arrived.optional(),
  completeAsOf: Timestamp.nullable(),
  receiptAt: Timestamp.nullable(),
  /** In words; null while all is well. */
  alarm: z.string().nullable(),
  /** The first of those whose state in the managed domain is not what it should be; `missingCount` of them in all. */
  missing: z.array(
    z.strictObject({
      /** Or a group's name, where it is of a group. */
      user: z.string(),
      sourceAnchor: z.string(),
      what: z.enum(['account', 'credential', 'not deleted', 'group', 'members', 'group not deleted']),
      /** The managed domain's own word why it was not written, when it came. */
      refused: z.string().nullable(),
      /** What else is known of why, in words. */
      reason: z.string().optional(),
    }),
  ),
  missingCount: Count,
  /** Groups, and groups with a slice of their members, that came there and are not written, or not wholly; absent when there is none. */
  groupsNotWritten: GroupsNotWritten.optional(),
  /** Records beyond those of the first release that the managed domain signed that it reads; absent where it has signed nothing of it. */
  reads: RecordNames.optional(),
});
export type ConnectArrival = z.infer<typeof ConnectArrival>;

/** Which of several domain controllers a connector reads. */
export const ControllerInUse = z.strictObject({
  server: z.string(),
  preferred: z.string(),
  /** When the connector moved there, and why; null where it never moved. */
  since: Timestamp.nullable(),
  reason: z.string().nullable(),
  /** Since when it has not got all that was read before: it deletes and opens nobody. Null where it has. */
  lagsSince: Timestamp.nullable(),
});
export type ControllerInUse = z.infer<typeof ControllerInUse>;

/** What waits for the word that a forest was restored from a backup. */
export const RestoreState = z.strictObject({
  connector: z.string(),
  forest: z.string(),
  /** The domain controller that is read. */
  server: z.string(),
  /** When it was found restored, and why; null where the tenant alone says that it has newer passwords. */
  since: Timestamp.nullable(),
  reason: z.string().nullable(),
  /** Passwords that are older there than in the tenant, and whose some of them are. */
  olderPasswords: Count,
  older: z.array(z.string()),
  /** People who were closed or deleted, and would be opened or made again; and some of them. */
  openings: Count,
  opening: z.array(z.string()),
  /** Everything has been read since: nothing is missing from the numbers. */
  complete: z.boolean(),
});
export type RestoreState = z.infer<typeof RestoreState>;
/** What the tenant has otherwise than it acknowledged. */
export const ConnectComparison = z.strictObject({
  /** When it was compared last, and how many people differed then. */
  at: Timestamp,
  differing: Count,
  /** People of whom something was signed anew within a day, on whatever place's account. */
  saidAnew: Count,
  /** Those of them who differed again and again: an alarm named them. */
  alarmed: Count,
  /** People and groups whom another place has and nobody knows here, before the directory was asked or while it has them. */
  strangers: Count,
  /** Those of whom it has nothing, and whose deletions wait for an administrator. */
  strangersHeld: Count,
});
export type ConnectComparison = z.infer<typeof ConnectComparison>;

/** This machine's clock and the domain controller's, where they are more than five minutes apart. */
const ClockDifference = z.strictObject({
  since: Timestamp,
  /** Of this machine's clock; negative: behind. */
  aheadSeconds: z.int(),
});

export const ConnectStatus = z.strictObject({
  tenant: z.strictObject({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    /** The oldest Connect that the tenant takes; null while it does not say. */
    minimumAgentVersion: z.string().nullable(),
    /** Other starts of this Connect that the tenant hears beside it; absent without any. */
    otherRuns: SeenRuns.optional(),
  }),
  signingKey: PublicKey,
  /** It stages: it signs and sends nothing. Absent of one that writes. */
  staging: z.strictObject({ since: Timestamp, agentId: z.string() }).optional(),
  pairing: z.strictObject({
    state: z.enum(['off', 'unconfirmed', 'confirmed', 'unknown']),
    /** Why the tenant's side is unknown, as a code and in words. */
    code: z.string().optional(),
    reason: z.string().optional(),
    realm: z.string().nullable(),
    confirmed: ConfirmedKey.nullable(),
    offered: z.strictObject({ fingerprint: PublicKey.shape.fingerprint }).nullable(),
    /** Records beyond those of the first release that the managed domain reads, as the tenant says; absent where it does not say. */
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
      /** Which domain controller is read; there where the connector has several. */
      domainController: ControllerInUse.optional(),
      /** What waits for the word that the forest was restored; there where something does. */
      restore: RestoreState.optional(),
      /** Of the forest's password orders; there once it was restored. */
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
      /** The first of those who can still sign in because of that; `stillSigningInCount` of them in all. */
      stillSigningIn: z.array(z.string()),
      stillSigningInCount: Count,
      /** People in the tenant whose passwords are not to be synchronized, and those whose withdrawal waits for an administrator; absent where there are neither. */
      passwordScope: z.strictObject({ out: Count, held: Count }).optional(),
      /** New users that wait for an administrator. */
      suppressedCreations: Count,
      /** New names in the managed domain that wait for an administrator. */
      suppressedRenames: Count.optional(),
      /** New users of 24 hours, when they are more than an alarm leaves unsaid. */
      growthAlarm: Count.nullable(),
      /** There once a group was met. */
      groups: ConnectGroups.optional(),
      fullPass: FullPasswordSync.nullable(),
      /** Absent until the tenant was compared, and where it is of a release that cannot be. */
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

/** How Connect stands, whole and for one user. */
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
