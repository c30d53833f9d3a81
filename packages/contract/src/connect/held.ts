import { z } from 'zod';
import { ObjectGuid, Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ConnectorName } from './parameters.ts';

const Count = z.int().nonnegative();

/** A change of name in the managed domain. */
export const Rename = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Others who are to have the new name, as far as Connect knows. One of them gets five digits there. */
  clashes: z.array(z.string()),
});
export type Rename = z.infer<typeof Rename>;

/** A list of changes that waits for an administrator, as it is shown. */
export const HeldList = z.strictObject({
  /** Stands for exactly these lines. `allow-deletes`, `allow-creations` and `allow-renames` accept it. */
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  connector: z.string(),
  forest: z.string(),
  /** `rename`: users whose name in the managed domain would change because `accountNames` changed. They keep their names until approval. */
  operation: z.enum(['delete', 'create', 'rename']),
  /**
   * Absent for users whom the directory reported as deleted.
   * `stranger`: users whom another place has and the directory does not. `group`: groups. `stranger-group`: groups that another place has
   * and the directory does not.
   * `member`: members whom their groups' lists no longer show, although no change reported that they left. `objectGuid` and
   * `distinguishedName` are the group's; `sourceAnchor` identifies the member.
   * `leaver` and `leaver-group`: users and groups that would leave because the rules changed. They stay synchronized until approval.
   * `reason` names the rule.
   * `password` and `leaver-password`: users who stay, but whose passwords would be withdrawn because the directory, or only the rules, put
   * them out of the scope of passwords. Their passwords are synchronized until approval.
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
  /** The first of them; `count` is the number of all. */
  people: z.array(
    z.strictObject({
      user: z.string(),
      sourceAnchor: z.string(),
      objectGuid: ObjectGuid,
      distinguishedName: z.string(),
      /** Whether they can sign in while the deletion waits, as far as Connect knows. */
      canSignIn: z.boolean(),
      reason: z.string().optional(),
      rename: Rename.optional(),
    }),
  ),
  count: Count,
  /** Lines of the shown list that no longer apply, for example because a user was restored. An approval leaves them out. */
  ceased: Count,
});
export type HeldList = z.infer<typeof HeldList>;

/** How many deletions make them wait, and how many wait. */
export const DeletionThreshold = z.strictObject({
  /** 1: it is on, always. */
  deletionPrevention: z.literal(1),
  /** The fixed number. It applies besides the 10 % of a forest. */
  thresholdCount: Count,
  /** The configuration's upper limit for it. */
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
