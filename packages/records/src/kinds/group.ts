import { NULL_SID } from './account.ts';
import { bool, field, none, oneOf, orNull, sid, text } from './check.ts';
import { noForest, OF_GROUP } from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';

const CLOUD_GROUP_VERSION = 2;

/** Which members a group may have and which groups it may be in, on-premises ([MS-ADTS] 2.2.12, GroupType). */
export const GROUP_SCOPES = ['global', 'domain-local', 'universal'] as const;
export type GroupScope = (typeof GROUP_SCOPES)[number];

const name = text(256);

/** Which group it is, or that it is deleted. Its members are only in its slices. */
export const GROUP = signedKind({
  name: 'group',
  fields: {
    ...OF_GROUP,
    sAMAccountName: field(orNull(name), 'the name within the domain; `null` for one that no record can hold'),
    displayName: field(orNull(name), '`displayName`, or `cn` where there is none'),
    mail: field(orNull(name), '`mail`'),
    objectSid: field(sid, 'as in an account record; `S-1-0-0` for one that cannot be written so'),
    securityEnabled: field(bool, '`true`: its members have its rights; `false`: a distribution group'),
    scope: field(oneOf(GROUP_SCOPES), 'what it is on-premises; no other place has scopes'),
    deleted: field(bool, '`true`: the group is gone, and the names are the last known ones'),
  },
  versions: {
    1: { says: 'for a group of a forest', checks: {} },
    [CLOUD_GROUP_VERSION]: {
      says: "for a group of the tenant's own",
      checks: { forest: noForest, objectSid: none },
    },
  },
  versionOf: ({ objectSid }) => (objectSid === null ? CLOUD_GROUP_VERSION : 1),
});

/** `objectSid` is null for one of the tenant's own groups and for no other. */
export type GroupFields = FieldsOf<typeof GROUP>;
export type GroupRecord = RecordOf<typeof GROUP>;

/** A forest's group in a form that a record can hold. A name that it cannot hold becomes null, and a SID becomes nobody's. */
export function encodableGroup(fields: GroupFields): GroupFields {
  const { sAMAccountName, displayName, mail, objectSid } = fields;
  const orNone = (value: string | null): string | null => (name.holds(value) ? value : null);
  return {
    ...fields,
    sAMAccountName: orNone(sAMAccountName),
    displayName: orNone(displayName),
    mail: orNone(mail),
    objectSid: sid.holds(objectSid) ? objectSid : NULL_SID,
  };
}
