import type { PasswordOrder } from '@causeway/credentials';
import { field, guid, integer, literal, narrowed, object, text, U32_MAX } from './check.ts';

/** Replaces the forest's name in the records of cloud-only users. No DNS name can have this form. */
export const CLOUD_FOREST = '(cloud-only)';

export const anchor = text(256);
/** The lines of groups rely on this (`groupLineKey`). */
export const groupAnchor = narrowed(
  anchor,
  'text of 1 to 256 characters without spaces',
  value => !value.includes(' '),
);
export const count = integer(0, U32_MAX);
export const sequence = integer(1, Number.MAX_SAFE_INTEGER);
export const sequenceOrNone = integer(0, Number.MAX_SAFE_INTEGER);
export const noForest = literal(CLOUD_FOREST);
export const forest = narrowed(
  text(255),
  'a DNS name in lower case of 1 to 255 characters',
  name => name === name.toLowerCase() && name !== CLOUD_FOREST,
);

/** The members of every kind: whom it is for and where it comes from. */
export const COMMON = {
  tenant: field(text(128), 'id of the tenant that it is for'),
  forest: field(forest, 'name of the forest that it comes from'),
  sequence: field(
    sequence,
    "the larger of the signer's last one + 1 and the clock in microseconds since 1970: grows with everything that a key signs",
  ),
};

/** The members of every statement about one user. */
export const OF_USER = {
  ...COMMON,
  sourceAnchor: field(anchor, 'what the tenant knows the user by, within the forest'),
  objectGuid: field(guid, '`objectGUID`: `e3514235-4b06-11d1-ab04-00c04fc2dcd2`'),
};

/** The members of every statement about one group. */
export const OF_GROUP = {
  ...COMMON,
  sourceAnchor: field(groupAnchor, 'what the tenant knows the group by, within the forest'),
  objectGuid: OF_USER.objectGuid,
};

const ofWrite = {
  version: field(integer(0, U32_MAX), '`dwVersion`: how often it was written, round at 2^32'),
  originatingTime: field(integer(0, Number.MAX_SAFE_INTEGER), 'seconds since 1601-01-01 UTC'),
  originatingInvocationId: field(guid, 'the database of the domain controller where it was written'),
};

/** A `PasswordOrder` of `@causeway/credentials`, for a forest that was never restored. */
export const passwordOrder = object(ofWrite);
/** The same for a forest that was restored. */
export const restoredPasswordOrder = object({ epoch: field(sequence, ''), ...ofWrite });

/** Whether it needs a version with the epoch. Without one, for a forest that was never restored, every reader can read it. */
export const saysEpoch = ({ passwordOrder }: { passwordOrder: PasswordOrder }): boolean =>
  (passwordOrder.epoch ?? 0) > 0;
