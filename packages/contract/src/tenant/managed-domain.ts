import { z } from 'zod';
import {
  CredentialRecord,
  Empty,
  Forest,
  PublicKey,
  Sequence,
  ShownPrincipalName,
  SignedHead,
  SignedReceipt,
  SignedRecord,
  SourceAnchor,
  Timestamp,
  text,
} from '../common.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { Profile } from './profile.ts';
import { RegisteredDomain } from './synchronization.ts';

/** A position in the change feed, as the tenant issued it. */
export const Cursor = z.string().max(64);
/** Most users on a page of the feed. */
export const MAX_PAGE = 1000;
/** Most forests whose heads are read at once. */
export const MAX_HEADS = 200;

/** A user in the change feed. Domain Services trusts only what the records say under a trusted signature. */
export const FeedItem = z.strictObject({
  userId: z.uuid(),
  origin: z.enum(['synchronized', 'cloud']),
  forest: Forest.nullable(),
  sourceAnchor: SourceAnchor,
  accountRecord: SignedRecord.nullable(),
  /** May be a withdrawal instead. */
  credentialRecord: z.union([CredentialRecord, SignedRecord]).nullable(),
  /** Absent if it was only sent again, for a reader of whole profiles. */
  profile: Profile.optional(),
});
export type FeedItem = z.infer<typeof FeedItem>;

export const FeedQuery = z.strictObject({
  after: Cursor.default(''),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(500),
  /** Seconds. */
  wait: z.coerce.number().min(0).max(60).default(0),
  /** `new` leaves out what was sent again. */
  only: z.enum(['new']).optional(),
});
export type FeedQuery = z.infer<typeof FeedQuery>;

export const FeedPage = z.strictObject({
  items: z.array(FeedItem).max(MAX_PAGE),
  cursor: Cursor,
  more: z.boolean(),
  /** Whether some of the rest is new. */
  moreNew: z.boolean(),
});
export type FeedPage = z.infer<typeof FeedPage>;

/** What Domain Services did with one record. */
export const DomainReport = z.strictObject({
  sourceAnchor: SourceAnchor,
  /** Null for a cloud-only user. Absent if one side is of an older release: see `FOREST_REPORT`. */
  forest: Forest.nullable().optional(),
  /** `members`: all slices of a group together. Groups are reported only to a tenant that announced `GROUP_REPORT`. */
  kind: z.enum(['account', 'credential', 'group', 'members']),
  /** The record's. For members, the newest sequence among the slices that have come. */
  sequence: Sequence,
  outcome: z.enum(['applied', 'unchanged', 'refused', 'failed', 'waiting']),
  /** A refusal's code or a failure's plain reason. Never a secret. */
  reason: text(500).nullable(),
  at: Timestamp,
});
export type DomainReport = z.infer<typeof DomainReport>;

/** Most members of *AAD DC Administrators* that are proposed at once: the longest-standing ones. */
export const MAX_PROPOSED = 200;

/** A member of *AAD DC Administrators*, whom the tenant proposes as an administrator of the managed domain. Nothing in it is signed. */
export const ProposedAdministrator = z.strictObject({
  userId: z.uuid(),
  origin: z.enum(['synchronized', 'cloud']),
  forest: Forest.nullable(),
  sourceAnchor: SourceAnchor,
  userPrincipalName: ShownPrincipalName,
  /** A later time than before means that the member was removed in between. */
  addedAt: Timestamp.max(64),
});
export type ProposedAdministrator = z.infer<typeof ProposedAdministrator>;

/**
 * The managed domain that another one replaces, as it was shown to the administrator who decided, so that no third one is replaced instead.
 */
export const Replaces = z.strictObject({
  realm: z.string().max(255),
  /** Covers both keys. */
  fingerprint: z.string().max(200),
});
export type Replaces = z.infer<typeof Replaces>;

/** Whether a member of AAD DC Administrators confirmed the managed domain's keys. The tenant seals to no others. */
export const DomainConfirmation = z.strictObject({
  realm: z.string().max(255),
  /** Covers both keys, as they are registered now. */
  fingerprint: z.string().max(200),
  /** Null until somebody has compared that fingerprint. */
  confirmed: z.strictObject({ at: Timestamp, by: z.string().max(1024) }).nullable(),
  /** Cloud-only users without a password sealed to these keys. */
  owed: z.int().nonnegative(),
});
export type DomainConfirmation = z.infer<typeof DomainConfirmation>;

export const managedDomainRoutes = {
  readDomain: route({
    method: 'GET',
    path: '/api/v1/domain',
    access: ['admin', 'domain'],
    summary: 'the managed domain that the tenant has, or null',
    reply: z.strictObject({
      domain: RegisteredDomain.nullable(),
      /** Other running starts of this Domain Services. Only for one that reports its start, and absent if there are none. */
      otherRuns: SeenRuns.optional(),
    }),
  }),
  registerDomainKey: route({
    method: 'PUT',
    path: '/api/v1/domain/key',
    access: ['domain'],
    summary:
      "registers the managed domain's public keys and enables the managed domain; where the tenant has another one, it has to be named in `replaces`",
    body: z.strictObject({
      realm: text(255),
      netbiosDomain: text(15),
      key: PublicKey,
      receiptKey: PublicKey,
      /** An older release never names one. It can register its own domain again, but not replace another. */
      replaces: Replaces.optional(),
    }),
    reply: Empty,
  }),
  readConfirmation: route({
    method: 'GET',
    path: '/api/v1/domain/confirmation',
    access: ['admin', 'domain'],
    summary: "whether the managed domain's keys are confirmed and how many are owed; null without a domain",
    reply: z.strictObject({ confirmation: DomainConfirmation.nullable() }),
  }),
  trustDomain: route({
    method: 'PUT',
    path: '/api/v1/domain/confirmation',
    access: ['admin'],
    summary:
      "confirms the managed domain's keys by their fingerprint: from then on cloud-only people's passwords are sealed to them",
    body: z.strictObject({ fingerprint: z.string().max(200) }),
    reply: DomainConfirmation,
  }),
  withdrawDomain: route({
    method: 'DELETE',
    path: '/api/v1/domain',
    access: ['admin'],
    summary: 'withdraws the managed domain: no password is sealed to it any more',
    reply: Empty,
  }),
  readTenantKey: route({
    method: 'GET',
    path: '/api/v1/domain/tenant-key',
    access: ['admin', 'domain'],
    summary: "the public half of the tenant's own key, by which it signs the records of cloud-only users",
    reply: z.strictObject({ key: PublicKey }),
  }),
  readAdministrators: route({
    method: 'GET',
    path: '/api/v1/domain/administrators',
    access: ['admin', 'domain'],
    summary: 'the members of AAD DC Administrators, as the managed domain is to see them',
    reply: z.strictObject({
      members: z.array(ProposedAdministrator).max(MAX_PROPOSED),
      /** Further members, who are not proposed until others leave. */
      more: z.int().nonnegative(),
    }),
  }),
  readChanges: route({
    method: 'GET',
    path: '/api/v1/domain/changes',
    access: ['domain'],
    summary:
      'users changed after a cursor: first those who have something new, then those of whom all was sent again; oldest first; ' +
      'waits up to `wait` seconds when there are none',
    query: FeedQuery,
    reply: FeedPage,
  }),
  reportApplied: route({
    method: 'POST',
    path: '/api/v1/domain/reports',
    access: ['domain'],
    summary: 'what Domain Services did with the records it read',
    body: z.strictObject({ reports: z.array(DomainReport).min(1).max(1000) }),
    reply: Empty,
  }),
  readHeads: route({
    method: 'GET',
    path: '/api/v1/domain/heads',
    access: ['domain'],
    summary: 'the latest head of each forest, as its Connect signed it',
    reply: z.strictObject({
      heads: z.array(z.strictObject({ forest: Forest, head: SignedHead })).max(MAX_HEADS),
    }),
  }),
  putReceipt: route({
    method: 'PUT',
    path: '/api/v1/domain/receipts',
    access: ['domain'],
    summary:
      "the managed domain's answer to a forest's head, signed for its Connect; or what it has newer of cloud-only people, for the tenant",
    body: z.strictObject({
      /** Null for the tenant's own users: for a tenant that announced `CLOUD_RECEIPT`. */
      forest: Forest.nullable(),
      receipt: SignedReceipt,
    }),
    reply: Empty,
  }),
};
