import { z } from 'zod';
import { Empty, text, UserPrincipalName, UserText } from '../common.ts';
import { route } from '../http/route.ts';

/** What an account name may not contain ([MS-SAMR] 3.1.1.6), and whitespace. */
const NICKNAME = /^[^\s"/\\[\]:;|=,+*?<>@\p{Cc}]+$/u;

/** The short name of a cloud-only user: their sAMAccountName in the managed domain, if it is free there. */
export const MailNickname = text(64).regex(
  NICKNAME,
  'a short name without blanks and without "/\\[]:;|=,+*?<>@',
);

const User = z.strictObject({ id: UserText });
const TemporaryPassword = z.strictObject({
  id: z.uuid(),
  userPrincipalName: UserPrincipalName,
  /** Shown once. It must be changed at the first sign-in, and allows nothing else. */
  temporaryPassword: z.string(),
});

/** Cloud-only users. An administrator of the tenant creates, changes and deletes them here. */
export const userRoutes = {
  createUser: route({
    method: 'POST',
    path: '/api/v1/users',
    access: ['admin'],
    summary: 'makes a cloud-only user with a temporary password',
    body: z.strictObject({
      userPrincipalName: UserPrincipalName,
      displayName: text(256).min(1).optional(),
      /** If absent, the part of the userPrincipalName before the @. */
      mailNickname: MailNickname.optional(),
    }),
    reply: TemporaryPassword,
  }),
  resetPassword: route({
    method: 'POST',
    path: '/api/v1/users/:id/reset-password',
    access: ['admin'],
    summary: 'gives a cloud-only user another temporary password; the one before ends at once, everywhere',
    params: User,
    reply: TemporaryPassword,
  }),
  setUserEnabled: route({
    method: 'PUT',
    path: '/api/v1/users/:id/enabled',
    access: ['admin'],
    summary: 'enables or disables a cloud-only user',
    params: User,
    body: z.strictObject({ enabled: z.boolean() }),
    reply: Empty,
  }),
  setUserBlocked: route({
    method: 'PUT',
    path: '/api/v1/users/:id/blocked',
    access: ['admin'],
    summary:
      'keeps any user out of web sign-in and ends their sessions, whatever the forest says; or lets them in again',
    params: User,
    body: z.strictObject({ blocked: z.boolean() }),
    reply: Empty,
  }),
  deleteUser: route({
    method: 'DELETE',
    path: '/api/v1/users/:id',
    access: ['admin'],
    summary: 'deletes a cloud-only user',
    params: User,
    reply: Empty,
  }),
};
