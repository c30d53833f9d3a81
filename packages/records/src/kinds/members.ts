import { MAX_PREFIX_LENGTH } from '../slices.ts';
import { ascendingTexts, bits, field } from './check.ts';
import { noForest, OF_GROUP } from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';

/** Characters of one reference. */
const MAX_REFERENCE_LENGTH = 512;
/** As many of the shortest ones as fit (`divideMembers`). */
const MAX_REFERENCES = 2500;

/** A slice of a group's members: all whose key begins with the prefix. */
export const MEMBERS = signedKind({
  name: 'members',
  fields: {
    ...OF_GROUP,
    prefix: field(
      bits(MAX_PREFIX_LENGTH),
      'whose members it tells: those whose [key](#slices) begins with these bits',
    ),
    members: field(
      ascendingTexts(MAX_REFERENCES, MAX_REFERENCE_LENGTH),
      'all members below the prefix, each by its [reference](#slices), in the order of their UTF-16 code units; one that is not below the prefix says nothing',
    ),
  },
  versions: {
    1: { says: 'for a group of a forest', checks: {} },
    2: { says: "for a group of the tenant's own", checks: { forest: noForest } },
  },
  versionOf: ({ forest }) => (noForest.holds(forest) ? 2 : 1),
});

export type MembersFields = FieldsOf<typeof MEMBERS>;
export type MembersRecord = RecordOf<typeof MEMBERS>;
