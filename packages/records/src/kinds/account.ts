import { absent, base64url, bool, field, none, orNull, sid, text, time } from './check.ts';
import { noForest, OF_USER } from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';

const CLOUD_ACCOUNT_VERSION = 2;
export const NAMELESS_ACCOUNT_VERSION = 3;
export const PROFILE_ACCOUNT_VERSION = 4;

const principalName = text(1024);
const accountName = text(256);

const MAYBE_NAMELESS = { userPrincipalName: orNull(principalName), sAMAccountName: orNull(accountName) };

/** Who a user is, or that the account is deleted. */
export const ACCOUNT = signedKind({
  name: 'account',
  fields: {
    ...OF_USER,
    userPrincipalName: field(principalName, 'the name to sign in with'),
    sAMAccountName: field(accountName, 'what the managed domain is to call the account'),
    objectSid: field(
      sid,
      '`S-1-5-21-…-1104`, without leading zeros, an authority of 2^32 and more as `0x` and 12 digits ([MS-DTYP] 2.4.2.1); `S-1-0-0` for one that cannot be written so',
    ),
    enabled: field(bool, '`true`: may sign in'),
    accountExpires: field(
      orNull(time),
      'UTC; `null` for never; the first moment of 1601 is over, as any time before now',
    ),
    deleted: field(bool, '`true`: the account is gone, and the names are the last known ones'),
    profileDigest: field(
      base64url('a SHA-256 digest', length => length === 32),
      'over the [profile](#profile), which goes beside the record',
    ),
  },
  versions: {
    1: { says: 'for a user of a forest', checks: { profileDigest: absent } },
    [CLOUD_ACCOUNT_VERSION]: {
      says: 'for a [cloud-only user](#cloud-only-users)',
      checks: { forest: noForest, objectSid: none, profileDigest: absent },
    },
    [NAMELESS_ACCOUNT_VERSION]: {
      says: 'for a user of a forest [without a name](#without-a-name)',
      checks: { ...MAYBE_NAMELESS, profileDigest: absent },
    },
    [PROFILE_ACCOUNT_VERSION]: {
      says: 'for a user of a forest, with or without names, whose [profile](#profile) is signed, too',
      checks: MAYBE_NAMELESS,
    },
  },
  // The oldest version that can hold it. A record with both names can be read by every reader.
  versionOf({ objectSid, userPrincipalName, sAMAccountName, profileDigest }) {
    if (profileDigest !== undefined) return PROFILE_ACCOUNT_VERSION;
    if (objectSid === null) return CLOUD_ACCOUNT_VERSION;
    return userPrincipalName === null || sAMAccountName === null ? NAMELESS_ACCOUNT_VERSION : 1;
  },
});

/** A name is null if it cannot be written (`encodableAccount`). `objectSid` is null for a cloud-only user and for no other. */
export type AccountFields = FieldsOf<typeof ACCOUNT>;
export type AccountRecord = RecordOf<typeof ACCOUNT>;

/** Nobody ([MS-DTYP] 2.4.2.4). */
export const NULL_SID = 'S-1-0-0';

/**
 * A forest's account in a form that a record can hold. A name that it cannot hold (empty, too long, with control characters, or no
 * well-formed Unicode) becomes null without a substitute, because only the reader knows which name it uses. A SID that it cannot hold
 * becomes nobody's.
 */
export function encodableAccount(fields: AccountFields): AccountFields {
  const { userPrincipalName, sAMAccountName, objectSid } = fields;
  return {
    ...fields,
    userPrincipalName: principalName.holds(userPrincipalName) ? userPrincipalName : null,
    sAMAccountName: accountName.holds(sAMAccountName) ? sAMAccountName : null,
    objectSid: sid.holds(objectSid) ? objectSid : NULL_SID,
  };
}
