import { z } from 'zod';
import { Empty, ShownPrincipalName, text, UserText } from '../common.ts';
import { route } from '../http/route.ts';

/** Whose members may manage the managed domain through the tenant. */
export const AAD_DC_ADMINISTRATORS = 'AAD DC Administrators';
/** The groups that every tenant has. */
export const GROUPS: readonly string[] = [AAD_DC_ADMINISTRATORS];

export const GroupMember = z.strictObject({ id: z.uuid(), userPrincipalName: ShownPrincipalName });
export type GroupMember = z.infer<typeof GroupMember>;

const Group = z.strictObject({ group: text(256) });

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
    summary: 'the members of a group',
    params: Group,
    reply: z.strictObject({ members: z.array(GroupMember) }),
  }),
  addGroupMember: route({
    method: 'POST',
    path: '/api/v1/groups/:group/members',
    access: ['admin'],
    summary: 'adds a user to a group; idempotent',
    params: Group,
    body: z.strictObject({ user: UserText }),
    reply: GroupMember,
  }),
  removeGroupMember: route({
    method: 'DELETE',
    path: '/api/v1/groups/:group/members/:user',
    access: ['admin'],
    summary: 'takes a user out of a group',
    params: Group.extend({ user: UserText }),
    reply: Empty,
  }),
};
