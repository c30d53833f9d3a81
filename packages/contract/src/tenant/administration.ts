import { z } from 'zod';
import {
  Empty,
  Forest,
  PasswordOrder,
  SourceAnchor,
  Timestamp,
  text,
  UserPrincipalName,
  UserText,
} from '../common.ts';
import { route } from '../http/route.ts';
import { SeenRuns } from '../http/run.ts';
import { GroupsClaim } from './applications.ts';
import { AgentKind } from './enrolment.ts';
import { GroupText } from './groups.ts';
import { NameDifference } from './names.ts';
import { Profile } from './profile.ts';
import { WindowsCredentialsSyncConfig } from './synchronization.ts';

/** Most users that a status names. */
export const MAX_NEWER = 200;

/** One of the tenant's own users of whom the managed domain has something that this database lost. */
export const NewerInDomain = z.strictObject({
  id: z.uuid(),
  userPrincipalName: z.string(),
  what: z.enum(['deleted', 'password', 'account']),
  /** Their sessions and tokens were ended at this time. */
  foundAt: Timestamp,
});
export type NewerInDomain = z.infer<typeof NewerInDomain>;

/** How far one user's password got, in the tenant and the managed domain, as far as the tenant knows. */
export const UserStatus = z.strictObject({
  id: z.uuid(),
  origin: z.enum(['synchronized', 'cloud']),
  forest: Forest.nullable(),
  sourceAnchor: SourceAnchor.nullable(),
  userPrincipalName: z.string(),
  /** The name with which the user signs in, or none, if it is not the userPrincipalName. */
  signInName: z.string().nullable().optional(),
  /** The reason: a code, a colon and words. */
  nameProblem: z.string().optional(),
  onPremisesSamAccountName: z.string().nullable(),
  /** For cloud-only users. */
  mailNickname: z.string().nullable(),
  profile: Profile,
  /** The manager in the profile, if that user exists here. */
  manager: z.strictObject({ id: z.uuid(), userPrincipalName: z.string() }).optional(),
  accountEnabled: z.boolean(),
  accountExpires: Timestamp.nullable(),
  administrator: z.boolean(),
  deletedAt: Timestamp.nullable(),
  lockedUntil: Timestamp.nullable(),
  /** Since when an administrator blocks the user's web sign-in; absent if nobody does. */
  blockedAt: Timestamp.optional(),
  /** The password is temporary and must be changed at the next sign-in. */
  mustChange: z.boolean(),
  credential: z
    .strictObject({
      changeDate: Timestamp.nullable(),
      receivedAt: Timestamp,
      passwordOrder: PasswordOrder.nullable(),
    })
    .nullable(),
  /** Legacy credentials on their way to the managed domain. */
  legacy: z.strictObject({
    recordReceivedAt: Timestamp.nullable(),
    appliedAt: Timestamp.nullable(),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
  }),
});
export type UserStatus = z.infer<typeof UserStatus>;

export const TenantStatus = z.strictObject({
  tenantId: z.uuid(),
  tenantName: z.string(),
  users: z.int(),
  disabled: z.int(),
  /** Absent if there is none. */
  blocked: z.int().optional(),
  /** Existing groups, of forests and the tenant's own; absent if there are none. */
  groups: z.int().optional(),
  /** Those that the managed domain refused, in whole or for a slice of their members; absent if there are none. */
  groupsRefused: z.int().optional(),
  withCredential: z.int(),
  withLegacyRecord: z.int(),
  legacyApplied: z.int(),
  legacyRefused: z.int(),
  windowsCredentialsSyncConfig: WindowsCredentialsSyncConfig,
  connect: z.array(
    z.strictObject({
      forest: Forest,
      agent: z.string(),
      reportedAt: Timestamp,
      lastObjectCycleAt: Timestamp.nullable(),
      lastPasswordCycleAt: Timestamp.nullable(),
      queued: z.int(),
      owed: z.int(),
      quarantined: z.int(),
    }),
  ),
  /** Agents with several starts running at once; absent if there are none. */
  runningTwice: z
    .array(z.strictObject({ id: z.uuid(), kind: AgentKind, name: z.string(), runs: SeenRuns }))
    .optional(),
  /** Names that are one user's here and another's in the managed domain, until an administrator has seen the pair. */
  nameDifferences: z.array(NameDifference).optional(),
  /** As the managed domain signed it, until each is corrected; absent if there are none. */
  newerInDomain: z
    .strictObject({ count: z.int().positive(), people: z.array(NewerInDomain).max(MAX_NEWER) })
    .optional(),
  /** How much of each forest has arrived in the managed domain, according to Connect and the managed domain. */
  arrivals: z.array(
    z.strictObject({
      forest: Forest,
      /** What is here, according to Connect's head. */
      head: z.strictObject({ time: Timestamp, accounts: z.int(), credentials: z.int() }).nullable(),
      /** What is there, according to the managed domain's receipt. */
      receipt: z
        .strictObject({
          time: Timestamp,
          accounts: z.int(),
          credentials: z.int(),
          completeAsOf: Timestamp.nullable(),
          alarmSince: Timestamp.nullable(),
          notWritten: z.int(),
          /** Groups, and slices of their members; absent if there are none. */
          groupsNotWritten: z.int().optional(),
        })
        .nullable(),
    }),
  ),
});
export type TenantStatus = z.infer<typeof TenantStatus>;

/** Where an application is sent. */
const Address = text(2048).pipe(z.url());

export const administrationRoutes = {
  getTenantStatus: route({
    method: 'GET',
    path: '/api/v1/status',
    access: ['admin'],
    summary: 'counts, agents and the managed domain',
    reply: TenantStatus,
  }),
  listUsers: route({
    method: 'GET',
    path: '/api/v1/users',
    access: ['admin'],
    summary: 'users by userPrincipalName, a page at a time',
    query: z.strictObject({
      after: text(1024).default(''),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      /** Only users whose legacy credentials are not (yet) applied in the managed domain. */
      missing: z.enum(['legacy']).optional(),
    }),
    reply: z.strictObject({ users: z.array(UserStatus), more: z.boolean() }),
  }),
  getUser: route({
    method: 'GET',
    path: '/api/v1/users/:id',
    access: ['admin'],
    summary: 'one user by id, userPrincipalName or source anchor',
    params: z.strictObject({ id: UserText }),
    reply: UserStatus,
  }),
  acceptPasswordOrder: route({
    method: 'POST',
    path: '/api/v1/users/:id/accept-password-order',
    access: ['admin'],
    summary:
      "forgets a user's password order, so that the next password is taken though it be older (restored forest)",
    params: z.strictObject({ id: UserText }),
    reply: Empty,
  }),
  registerApplication: route({
    method: 'POST',
    path: '/api/v1/applications',
    access: ['admin'],
    summary:
      'registers an OIDC relying party (authorization code with PKCE), with a secret if it asks for one',
    body: z.strictObject({
      name: text(100).min(1),
      redirectUris: z.array(Address).min(1).max(20),
      /** Where sign-out may return to. */
      postLogoutRedirectUris: z.array(Address).max(20).optional(),
      /** For an application that can keep a secret: it proves itself by client_secret_basic, and in no other way. */
      secret: z.boolean().optional(),
      groups: GroupsClaim.optional(),
      /** A security group, by id or display name: only its members may sign in. */
      forGroup: GroupText.optional(),
    }),
    reply: z.strictObject({
      clientId: z.string(),
      issuer: z.url(),
      /** Shown once; the tenant keeps its digest. */
      clientSecret: z.string().optional(),
    }),
  }),
};

/** Served on the tenant service's own Unix socket. Needs no token, because only root and the service can open it. */
export const tenantLocalRoutes = {
  createTenant: route({
    method: 'POST',
    path: '/local/tenants',
    access: ['local'],
    summary: 'makes a tenant and its first administrator',
    body: z.strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and hyphens'),
      administrator: UserPrincipalName,
      /** For a tenant that was lost: its users get their former ids. */
      id: z.uuid().optional(),
    }),
    reply: z.strictObject({
      tenantId: z.uuid(),
      issuer: z.url(),
      /** Shown once; the tenant keeps only its cloud credential. */
      administratorPassword: z.string(),
      /** Bearer token of the administrator, shown once. Only its digest is kept. */
      token: z.string(),
      tokenExpiresAt: Timestamp,
    }),
  }),
  createToken: route({
    method: 'POST',
    path: '/local/tokens',
    access: ['local'],
    summary: 'makes another bearer token for an administrator',
    body: z.strictObject({ tenant: text(63), administrator: UserPrincipalName }),
    reply: z.strictObject({ token: z.string(), tokenExpiresAt: Timestamp }),
  }),
};
