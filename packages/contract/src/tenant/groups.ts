import { z } from 'zod';
import { Empty, Forest, ShownPrincipalName, Timestamp, text, UserText } from '../common.ts';
import { route } from '../http/route.ts';

/** Its members may manage the managed domain through the tenant. */
export const AAD_DC_ADMINISTRATORS = 'AAD DC Administrators';
/** The groups that every tenant has. */
export const GROUPS: readonly string[] = [AAD_DC_ADMINISTRATORS];

export const GroupMember = z.strictObject({ id: z.uuid(), userPrincipalName: ShownPrincipalName });
export type GroupMember = z.infer<typeof GroupMember>;

/** What the managed domain reported about a record. */
const Reported = z.strictObject({
  outcome: z.string(),
  /** A code, a colon and words; null if there is no reason. */
  reason: z.string().nullable(),
  reportedAt: Timestamp,
});

/** A group that is synchronized from a forest, or the tenant's own. */
export const GroupStatus = z.strictObject({
  id: z.uuid(),
  origin: z.enum(['synchronized', 'cloud']),
  forest: Forest.nullable(),
  /** For one of the tenant's own, its id. */
  sourceAnchor: z.string(),
  displayName: z.string().nullable(),
  onPremisesSamAccountName: z.string().nullable(),
  onPremisesSecurityIdentifier: z.string().nullable(),
  mail: z.string().nullable(),
  /** False for a distribution group. */
  securityEnabled: z.boolean(),
  /** Its scope on-premises. */
  scope: z.string().nullable(),
  createdAt: Timestamp,
  /** The outcome for it and for its members in the managed domain, each null until reported. Absent while nothing is reported. */
  managedDomain: z.strictObject({ group: Reported.nullable(), members: Reported.nullable() }).optional(),
});
export type GroupStatus = z.infer<typeof GroupStatus>;

/** How an administrator names a group: by id, or by a display name that no other group has. */
export const GroupText = text(256).min(1);
/** The name of one of the tenant's own groups. */
export const GroupName = text(256).regex(
  /^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$/u,
  'a name without blanks around it',
);

const Group = z.strictObject({ group: GroupText });
/** A later page, named by the last id of the one before. */
const Page = z.strictObject({
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
});
const Depth = z.enum(['direct', 'nested']);
const GroupPage = z.strictObject({ groups: z.array(GroupStatus), more: z.boolean() });

export const groupRoutes = {
  getMe: route({
    method: 'GET',
    path: '/api/v1/me',
    access: ['admin'],
    summary: 'who the token belongs to, and which groups that user is a member of',
    reply: GroupMember.extend({ groups: z.array(z.string()) }),
  }),
  listGroupMembers: route({
    method: 'GET',
    path: '/api/v1/groups/:group/members',
    access: ['admin'],
    summary:
      "the members of a group: of 'AAD DC Administrators' all of them, of another group a page at a time, in no order of names",
    params: Group,
    query: z.strictObject({
      /** Also members of nested groups. For a security group only by way of security groups. */
      depth: Depth.default('direct'),
      /** `next` of the previous page. */
      after: text(1024).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
    }),
    reply: z.strictObject({
      members: z.array(GroupMember),
      /** The groups in it; absent for 'AAD DC Administrators'. */
      groups: z.array(GroupStatus).optional(),
      /** References in it that match nobody here. */
      unresolved: z.array(z.string()).optional(),
      /** Where the next page begins; absent on the last one. */
      next: z.string().optional(),
    }),
  }),
  addGroupMember: route({
    method: 'POST',
    path: '/api/v1/groups/:group/members',
    access: ['admin'],
    summary: "adds a user to a group of the tenant's own; idempotent",
    params: Group,
    body: z.strictObject({ user: UserText }),
    reply: GroupMember,
  }),
  removeGroupMember: route({
    method: 'DELETE',
    path: '/api/v1/groups/:group/members/:user',
    access: ['admin'],
    summary: "takes a user out of a group of the tenant's own",
    params: Group.extend({ user: UserText }),
    reply: Empty,
  }),
  listGroups: route({
    method: 'GET',
    path: '/api/v1/groups',
    access: ['admin'],
    summary: "groups by name, synchronized ones and the tenant's own, a page at a time",
    query: Page.extend({
      /** Matches part of a name or of the mail address, in any case. */
      search: text(256).optional(),
    }),
    reply: GroupPage,
  }),
  getGroup: route({
    method: 'GET',
    path: '/api/v1/groups/:group',
    access: ['admin'],
    summary: 'one group by id or display name',
    params: Group,
    reply: GroupStatus,
  }),
  listGroupsOfUser: route({
    method: 'GET',
    path: '/api/v1/users/:id/groups',
    access: ['admin'],
    summary: 'the groups that a user is in, by name, a page at a time',
    params: z.strictObject({ id: UserText }),
    query: Page.extend({
      /** Also the groups that contain those. */
      depth: Depth.default('direct'),
      /** Only security groups, and none by way of a distribution group: what applications receive. */
      only: z.enum(['security']).optional(),
    }),
    reply: GroupPage,
  }),
  createGroup: route({
    method: 'POST',
    path: '/api/v1/groups',
    access: ['admin'],
    summary: "makes a security group of the tenant's own",
    body: z.strictObject({ displayName: GroupName }),
    reply: GroupStatus,
  }),
  renameGroup: route({
    method: 'PUT',
    path: '/api/v1/groups/:group/name',
    access: ['admin'],
    summary: "gives a group of the tenant's own another name",
    params: Group,
    body: z.strictObject({ displayName: GroupName }),
    reply: GroupStatus,
  }),
  deleteGroup: route({
    method: 'DELETE',
    path: '/api/v1/groups/:group',
    access: ['admin'],
    summary:
      "deletes a group of the tenant's own for good; an application that was for its members is for nobody",
    params: Group,
    reply: GroupStatus,
  }),
  nestGroup: route({
    method: 'POST',
    path: '/api/v1/groups/:group/groups',
    access: ['admin'],
    summary: "puts a group of the tenant's own into another one; idempotent",
    params: Group,
    body: z.strictObject({ group: GroupText }),
    reply: GroupStatus,
  }),
  unnestGroup: route({
    method: 'DELETE',
    path: '/api/v1/groups/:group/groups/:member',
    access: ['admin'],
    summary: "takes a group of the tenant's own out of another one",
    params: Group.extend({ member: GroupText }),
    reply: GroupStatus,
  }),
};
