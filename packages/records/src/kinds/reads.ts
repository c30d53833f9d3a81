import { absent, field, recordNames } from './check.ts';

/** As many as a header can announce. */
const MAX_READS = 64;

/** Present in version 2 of a head or a receipt only. */
export const READS = {
  reads: field(recordNames(MAX_READS), 'what the signer reads beyond the first release'),
};

/** A reader of the first release knows only version 1. Version 2 goes to readers that announced it. */
export const READING_VERSIONS = {
  1: { says: 'for every reader', checks: { reads: absent } },
  2: { says: 'says what its signer reads', checks: {} },
};

export function readingVersionOf({ reads }: { reads?: readonly string[] | undefined }): number {
  return reads === undefined ? 1 : 2;
}
