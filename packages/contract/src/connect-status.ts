import { z } from 'zod';
import { ObjectGuid, PasswordOrder, PublicKey, Timestamp } from './common.ts';

/** How Connect stands, whole and for one user: what `causeway connect status` shows. Nothing in it is secret. */

const ConfirmedKey = PublicKey.extend({ realm: z.string(), confirmedAt: Timestamp });
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

const RetryEntry = z.strictObject({
  guid: ObjectGuid,
  kind: z.enum(['object', 'password']),
  quarantined: z.boolean(),
  code: z.string(),
  reason: z.string(),
  attempts: z.int(),
  since: Timestamp,
  /** Milliseconds since 1970. */
  nextAt: z.number(),
});

const Count = z.int().nonnegative();

export const ConnectStatus = z.strictObject({
  tenant: z.strictObject({ id: z.string(), name: z.string(), url: z.string() }),
  signingKey: PublicKey,
  pairing: z.strictObject({
    state: z.enum(['off', 'unconfirmed', 'confirmed', 'unknown']),
    /** Why the tenant's side is unknown. */
    reason: z.string().optional(),
    realm: z.string().nullable(),
    confirmed: ConfirmedKey.nullable(),
    offered: PublicKey.nullable(),
  }),
  connectors: z.array(
    z.strictObject({
      name: z.string(),
      /** The password channel's switch. */
      passwordSync: z.boolean(),
      lastObjectCycleAt: Timestamp.nullable(),
      lastPasswordCycleAt: Timestamp.nullable(),
      lastError: z.string().nullable(),
      users: Count,
      exported: Count,
      passwords: Count,
      withLegacyRecord: Count,
      waiting: Count,
      queued: Count,
      quarantined: Count,
      owed: Count,
      suppressedDeletes: Count,
      fullPass: FullPasswordSync.nullable(),
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

export const ConnectUserStatus = z.strictObject({
  connector: z.string(),
  user: z.string(),
  distinguishedName: z.string(),
  objectGuid: ObjectGuid,
  sourceAnchor: z.string(),
  synchronized: z.boolean(),
  scopeReason: z.string().nullable(),
  export: z.strictObject({
    state: z.enum(['not in the tenant', 'current', 'change waiting']),
    at: Timestamp.nullable(),
    sequence: z.int().nullable(),
    problem: RetryEntry.nullable(),
  }),
  password: z
    .strictObject({
      status: z.string(),
      detail: z.string().nullable(),
      waiting: z.boolean(),
      order: PasswordOrder.nullable(),
      acknowledgedAt: Timestamp.nullable(),
      recipientKeyId: z.string().nullable(),
      updatedAt: Timestamp,
    })
    .nullable(),
  retry: RetryEntry.nullable(),
  owedSince: Timestamp.nullable(),
});
export type ConnectUserStatus = z.infer<typeof ConnectUserStatus>;

/** What one cycle of a connector did. */
export const CycleSummary = z.strictObject({
  connector: z.string(),
  imported: Count,
  full: z.boolean(),
  upserted: Count,
  deleted: Count,
  refused: Count,
  retried: Count,
  suppressedDeletes: Count,
  passwords: z.strictObject({ read: Count, sent: Count }),
  milliseconds: z.number(),
});
export type CycleSummary = z.infer<typeof CycleSummary>;
