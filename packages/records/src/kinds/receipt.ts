import { BUCKETS } from '../buckets.ts';
import { MAX_PREFIX_LENGTH } from '../slices.ts';
import {
  absent,
  ascending,
  bits,
  bool,
  field,
  guid,
  integer,
  literal,
  none,
  orNull,
  rows,
  text,
  time,
} from './check.ts';
import {
  anchor,
  CLOUD_FOREST,
  COMMON,
  count,
  groupAnchor,
  noForest,
  sequence,
  sequenceOrNone,
} from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';
import { READING_VERSIONS, READS, readingVersionOf } from './reads.ts';

/** Rows in a receipt, for users and groups each, and the number of records of each that it names as not written. */
export const MAX_ENTRIES = 2000;
export const MAX_NOT_WRITTEN = 200;
/** In characters, mostly for its rows: half for users, half for groups. */
export const MAX_RECEIPT_LENGTH = 704 * 1024;

const CLOUD_RECEIPT_VERSION = 4;

const NO_GROUPS = {
  groups: absent,
  slices: absent,
  groupsDiffering: absent,
  groupsListed: absent,
  groupEntries: absent,
  groupsNotWritten: absent,
};
const BEFORE_A_HEAD = { headSequence: sequenceOrNone, headTime: orNull(time) };

/**
 * The managed domain's answer: to Connect, how far it agrees with the forest's head; to the tenant, what it has newer of cloud-only users.
 */
export const RECEIPT = signedKind({
  name: 'receipt',
  fields: {
    ...COMMON,
    time: field(time, 'when it was made'),
    headSequence: field(sequence, 'of the head that was compared last; 0: none was yet'),
    headTime: field(time, 'of the same head; `null` without one'),
    completeAsOf: field(
      orNull(time),
      'everything that heads up to this time speak of has come; `null`: never yet',
    ),
    alarmSince: field(
      orNull(time),
      'since when there is a difference that nothing explains and that has lasted too long; else `null`',
    ),
    accounts: field(count, 'how many users the managed domain has of the forest'),
    credentials: field(count, 'how many of them with a credential record or a withdrawal'),
    differing: field(ascending(BUCKETS), 'the buckets that are not as the head says'),
    listed: field(
      integer(0, BUCKETS),
      'how many of the differing buckets, from the first, are told whole in `entries`',
    ),
    entries: field(
      rows(MAX_ENTRIES, anchor, sequenceOrNone, sequenceOrNone),
      'what the managed domain has in these buckets: anchor, sequence of the account record, sequence of the credential record or 0',
    ),
    notWritten: field(
      rows(MAX_NOT_WRITTEN, anchor, text(20), text(50)),
      'records that came and were refused or wait: anchor, kind of record, code of the refusal',
    ),
    ...READS,
    newest: field(
      sequenceOrNone,
      'the largest sequence of all that the managed domain ever believed of the forest; 0: nothing yet',
    ),
    older: field(
      rows(MAX_ENTRIES, guid, sequenceOrNone, sequenceOrNone, bool),
      'of whom the tenant showed a record that was refused as older: id, newest sequence of an account record that was believed, of a credential record or 0, and `true` where that account record is a deletion',
    ),
    groups: field(count, 'how many groups the managed domain has of the forest'),
    slices: field(count, 'how many live [slices](#slices) of their members it has'),
    groupsDiffering: field(
      ascending(BUCKETS),
      'the buckets of groups and slices that are not as the head says',
    ),
    groupsListed: field(
      integer(0, BUCKETS),
      'how many of the differing buckets, from the first, are told whole in `groupEntries`',
    ),
    groupEntries: field(
      rows(MAX_ENTRIES, groupAnchor, orNull(bits(MAX_PREFIX_LENGTH)), sequenceOrNone),
      'what the managed domain has in these buckets: anchor of the group, prefix of the slice or `null` for the group itself, sequence, or 0 for a group of which no record has come',
    ),
    groupsNotWritten: field(
      rows(MAX_NOT_WRITTEN, groupAnchor, orNull(bits(MAX_PREFIX_LENGTH)), text(50)),
      'groups and slices that came and were refused or wait: anchor, prefix or `null`, code of the refusal',
    ),
  },
  versions: {
    1: {
      ...READING_VERSIONS[1],
      checks: { ...READING_VERSIONS[1].checks, ...NO_GROUPS, newest: absent, older: absent },
    },
    2: { ...READING_VERSIONS[2], checks: { ...NO_GROUPS, newest: absent, older: absent } },
    3: {
      says: 'says the newest sequence, also before a head was compared',
      checks: { ...NO_GROUPS, ...BEFORE_A_HEAD, older: absent },
    },
    [CLOUD_RECEIPT_VERSION]: {
      says: 'for the tenant, [of its cloud-only users](#what-the-tenant-lost-of-its-own): of them there is no head',
      checks: { ...NO_GROUPS, forest: noForest, headSequence: literal(0), headTime: none },
    },
    5: { says: 'tells of groups, too', checks: { ...BEFORE_A_HEAD, older: absent } },
  },
  versionOf(said) {
    if (said.forest === CLOUD_FOREST) return CLOUD_RECEIPT_VERSION;
    if (said.groups !== undefined) return 5;
    return said.newest === undefined ? readingVersionOf(said) : 3;
  },
  maxPayloadLength: 512 * 1024,
  maxLength: MAX_RECEIPT_LENGTH,
});

export type ReceiptFields = FieldsOf<typeof RECEIPT>;
export type Receipt = RecordOf<typeof RECEIPT>;
