import { BUCKETS, DIGEST_LENGTH } from '../buckets.ts';
import { base64url, field, time } from './check.ts';
import { COMMON, count } from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';
import { READING_VERSIONS, READS, readingVersionOf } from './reads.ts';

/** What a forest's Connect says that the tenant has of the forest: nothing may be missing, and nothing be more. */
export const HEAD = signedKind({
  name: 'head',
  fields: {
    ...COMMON,
    time: field(time, 'when it was so'),
    accounts: field(count, 'how many users'),
    credentials: field(count, 'how many of them with a credential record or a withdrawal'),
    buckets: field(
      base64url(`${BUCKETS} digests of ${DIGEST_LENGTH} bytes`, length => length === BUCKETS * DIGEST_LENGTH),
      'the digests of all buckets, one after the other',
    ),
    ...READS,
  },
  versions: READING_VERSIONS,
  versionOf: readingVersionOf,
});

export type HeadFields = FieldsOf<typeof HEAD>;
export type Head = RecordOf<typeof HEAD>;
