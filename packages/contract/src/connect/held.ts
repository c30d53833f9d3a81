import { z } from 'zod';
import { ObjectGuid, Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ConnectorName } from './parameters.ts';

const Count = z.int().nonnegative();

/** Another name in the managed domain. */
export const Rename = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Who else is to have the new name, as far as Connect knows: then one of them gets five digits there. */
  clashes: z.array(z.string()),
});
export type Rename = z.infer<typeof Rename>;

/** What waits for an administrator together, as it is shown. */
export const HeldList = z.strictObject({
  /** Stands for exactly these lines; `allow-deletes`, `allow-creations` and `allow-renames` take it. */
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  connector: z.string(),
  forest: z.string(),
  /** `rename`: people who would be called otherwise in the managed domain because `accountNames` changed; until their approval they keep their names. */
  operation: z.enum(['delete', 'create', 'rename']),
  /**
   * Absent of people whom the directory reported as deleted. `stranger`: people who were found in another place, and are not in the
   * directory. `group`: groups. `stranger-group`: groups that were found in another place. `member`: members whom the lists of their groups do not show any more, though nobody said that they
   * left; `objectGuid` and `distinguishedName` are the group's, `sourceAnchor` is what the member is known by. `leaver` and `leaver-group`: people and groups that would leave because the rules
   * changed; until their approval they stay synchronized. `reason` says what leaves them out. `password` and `leaver-password`: people who stay, and whose passwords would be withdrawn because the
   * directory, or only the rules, put them out of the scope of passwords; until their approval their passwords are synchronized.
   */
  kind: z
    .enum([
      'stranger',
      'group',
      'stranger-group',
      'member',
      'leaver',
      'leaver-group',
      'password',
      'leaver-password',
    ])
    .optional(),
  /** When the first of them was held. */
  since: Timestamp,
  /** The first of them; `count` of them in all. */
  people: z.array(
    z.strictObject({
      user: z.string(),
      sourceAnchor: z.string(),
      objectGuid: ObjectGuid,
      distinguishedName: z.string(),
      /** Although the deletion waits, as far as Connect knows. */
      canSignIn: z.boolean(),
      reason: z.string().optional(),
      rename: Rename.optional(),
    }),
  ),
  count: Count,
  /** Lines of the list that was shown that do not hold any more: restored, for example. An approval leaves them out. */
  ceased: Count,
});
export type HeldList = z.infer<typeof HeldList>;

/** Above what deletions wait, and how many do. */
export const DeletionThreshold = z.strictObject({
  /** 1: it is on. It always is. */
  deletionPrevention: z.literal(1),
  /** The number; a forest's 10 % count beside it. */
  thresholdCount: Count,
  /** The configuration's, above which none is set. */
  largestCount: Count,
  waiting: Count,
});
export type DeletionThreshold = z.infer<typeof DeletionThreshold>;

/** What waits for an administrator. */
export const heldRoutes = {
  getDeletionThreshold: route({
    method: 'GET',
    path: '/api/v1/deletion-threshold',
    access: ['operator'],
    summary: 'above how many deletions within 24 hours all of them wait, and how many do',
    reply: DeletionThreshold,
  }),
  setDeletionThreshold: route({
    method: 'PUT',
    path: '/api/v1/deletion-threshold',
    access: ['operator'],
    summary: "sets a lower number than the configuration's, or that again; a larger one is refused",
    body: DeletionThreshold.pick({ thresholdCount: true }),
    reply: DeletionThreshold,
  }),
  listHeld: route({
    method: 'GET',
    path: '/api/v1/held',
    access: ['operator'],
    summary:
      'what waits for an administrator: deletions, new users, or new names; a list for each connector, with its digest',
    query: z.strictObject({
      connector: ConnectorName.optional(),
      operation: HeldList.shape.operation.default('delete'),
    }),
    reply: z.strictObject({ lists: z.array(HeldList) }),
  }),
  getHeld: route({
    method: 'GET',
    path: '/api/v1/held/:digest',
    access: ['operator'],
    summary: 'a list that was shown, with what of it still holds',
    params: z.strictObject({ digest: z.string().max(64) }),
    reply: HeldList,
  }),
  approveHeld: route({
    method: 'POST',
    path: '/api/v1/held/:digest',
    access: ['operator'],
    summary: 'lets go those of a shown list that still hold, and nothing else',
    params: z.strictObject({ digest: z.string().max(64) }),
    body: z.strictObject({ operation: HeldList.shape.operation }),
    reply: HeldList,
  }),
};
