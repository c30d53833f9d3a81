import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { Done, ForestText, NamedAccount, PersonText } from './people.ts';

/** Accounts whose name is not the one in their forest, and names that are reserved for forests. */
export const NameList = z.strictObject({
  differing: z.array(NamedAccount),
  reserved: z.array(z.strictObject({ name: z.string(), forest: z.string(), until: Timestamp })),
});
export type NameList = z.infer<typeof NameList>;

const NamedGroup = z.strictObject({ forest: z.string(), anchor: z.string(), name: z.string() });

/** Who has a name in the managed domain, which forest owns it, and who wants it but does not have it. */
export const DomainNameClaims = z.strictObject({
  name: z.string(),
  holders: z.array(NamedAccount),
  /** The group that has it; absent if none does. */
  group: NamedGroup.optional(),
  /** Groups that want it but do not have it; absent if there are none. */
  groupsWaiting: z.array(NamedGroup).optional(),
  /** The forest that it belongs to. */
  owner: z.string().nullable(),
  /** Null if it is not reserved. */
  reservedUntil: Timestamp.nullable(),
  waiting: z.array(NamedAccount),
});
export type DomainNameClaims = z.infer<typeof DomainNameClaims>;

export const domainNameRoutes = {
  listNames: route({
    method: 'GET',
    path: '/names',
    access: ['local'],
    summary: 'the accounts that are not called as their forest says, and the names that are reserved',
    reply: NameList,
  }),
  getName: route({
    method: 'GET',
    path: '/names/:name',
    access: ['local'],
    summary: 'who has a name, whose it is, and who wants it',
    params: z.strictObject({ name: z.string().max(1024) }),
    reply: DomainNameClaims,
  }),
  freeName: route({
    method: 'POST',
    path: '/names/free',
    access: ['local'],
    summary: 'frees a reserved name, for whoever wants it',
    body: z.strictObject({ name: PersonText }),
    reply: Done,
  }),
  giveName: route({
    method: 'POST',
    path: '/names/give',
    access: ['local'],
    summary:
      'hands a name over to a user or group of another forest that wants it; unconfirmed it is refused with what would change',
    body: z.strictObject({
      name: PersonText,
      user: z.string(),
      forest: ForestText.optional(),
      confirmed: z.boolean(),
    }),
    reply: Done,
  }),
};
