import { BUCKETS, DIGEST_LENGTH } from '../buckets.ts';
import { absent, base64url, field, time } from './check.ts';
import { COMMON, count } from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';
import { READING_VERSIONS, READS, readingVersionOf } from './reads.ts';

/** In characters, mostly for the digests of its buckets. */
export const MAX_HEAD_LENGTH = 24 * 1024;
const digests = base64url(
  `${BUCKETS} digests of ${DIGEST_LENGTH} bytes`,
  length => length === BUCKETS * DIGEST_LENGTH,
);
const NO_GROUPS = { groups: absent, slices: absent, groupBuckets: absent };

/** A forest's Connect states what the tenant has of the forest: no less, and no more. */
export const HEAD = signedKind({
  name: 'head',
  fields: {
    ...COMMON,
    time: field(time, 'when it was so'),
    accounts: field(count, 'how many users'),
    credentials: field(count, 'how many of them with a credential record or a withdrawal'),
    buckets: field(digests, 'the digests of all buckets, one after the other'),
    ...READS,
    groups: field(count, 'how many groups'),
    slices: field(count, 'how many live [slices](#slices) of their members'),
    groupBuckets: field(digests, 'the digests of all buckets of groups and slices, one after the other'),
  },
  versions: {
    1: { ...READING_VERSIONS[1], checks: { ...READING_VERSIONS[1].checks, ...NO_GROUPS } },
    2: { ...READING_VERSIONS[2], checks: NO_GROUPS },
    3: { says: 'tells of groups, too', checks: {} },
  },
  versionOf: said => (said.groups === undefined ? readingVersionOf(said) : 3),
  maxPayloadLength: 16 * 1024,
  maxLength: MAX_HEAD_LENGTH,
});

export type HeadFields = FieldsOf<typeof HEAD>;
export type Head = RecordOf<typeof HEAD>;
