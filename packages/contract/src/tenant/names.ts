import { z } from 'zod';
import { Empty, Timestamp, text, UserText } from '../common.ts';
import { route } from '../http/route.ts';

const Name = text(1024).min(1);

/** A user who has, or wants, a sign-in name. */
const Claimant = z.strictObject({
  id: z.uuid(),
  /** Null for a cloud-only user. */
  forest: z.string().nullable(),
  userPrincipalName: z.string(),
  administrator: z.boolean(),
});

/** Who has a sign-in name, for whom it is reserved, and who wants it but does not have it. */
export const NameClaims = z.strictObject({
  name: Name,
  holder: Claimant.nullable(),
  /** A forest that released it recently, and for which it is reserved. */
  reserved: z.strictObject({ forest: z.string(), until: Timestamp }).nullable(),
  waiting: z.array(Claimant).max(1000),
});
export type NameClaims = z.infer<typeof NameClaims>;

/** A name that is one user's at web sign-in and another's in the managed domain. */
export const NameDifference = z.strictObject({
  name: z.string(),
  here: z.strictObject({ id: z.uuid(), forest: z.string() }),
  managedDomain: z.strictObject({ id: z.uuid(), forest: z.string() }),
});
export type NameDifference = z.infer<typeof NameDifference>;

/** Sign-in names that more than one forest claims. */
export const nameRoutes = {
  readNameClaims: route({
    method: 'GET',
    path: '/api/v1/names',
    access: ['admin'],
    summary: 'who has a sign-in name, for whom it is kept, and who waits for it',
    query: z.strictObject({ name: Name }),
    reply: NameClaims,
  }),
  freeName: route({
    method: 'POST',
    path: '/api/v1/names/free',
    access: ['admin'],
    summary:
      'frees a name that is kept for the forest that let go of it; whoever waits for it has it at once',
    body: z.strictObject({ name: Name }),
    reply: NameClaims,
  }),
  seeNameDifference: route({
    method: 'POST',
    path: '/api/v1/names/seen',
    access: ['admin'],
    summary: 'says that an administrator knows whose a name is in which place: the pair is no alarm any more',
    body: z.strictObject({ name: Name }),
    reply: Empty,
  }),
  giveName: route({
    method: 'POST',
    path: '/api/v1/names/give',
    access: ['admin'],
    summary: 'hands a name over to a user whose true name it is; whoever had it has none',
    body: z.strictObject({ name: Name, user: UserText }),
    reply: NameClaims,
  }),
};
