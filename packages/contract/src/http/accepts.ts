import { z } from 'zod';

/**
 * Header with which an agent announces, in every request, the records that it reads beyond those of the first release. Both ends reject
 * what they do not know, so a new kind or version goes only to a reader that has announced it.
 */
export const ACCEPTS_HEADER = 'causeway-accepts';
/** A user's records. The tenant withholds what a reader has not announced, so a reader that announces more reads the feed again. */
export const USER_RECORDS: readonly string[] = [
  'account-3',
  'account-4',
  'credential-3',
  'withdrawal-1',
  'withdrawal-2',
];
/** A forest's groups: a reader that announced these gets groups and their members. */
export const GROUP_RECORDS: readonly string[] = ['group-1', 'members-1'];
/** The same for the tenant's own groups. */
const CLOUD_GROUP_RECORDS: readonly string[] = ['group-2', 'members-2'];
/** Passwords of users of a forest that was restored: their orders have an epoch. */
export const EPOCH_RECORDS: readonly string[] = ['credential-3', 'withdrawal-2'];
/** What this program announces: kinds and versions of records. */
export const ACCEPTED_RECORDS: readonly string[] = [
  ...USER_RECORDS,
  ...GROUP_RECORDS,
  ...CLOUD_GROUP_RECORDS,
  'head-2',
  'head-3',
  'receipt-2',
  'receipt-3',
  'receipt-5',
].sort();
/** A report of Domain Services that names its user's forest. A tenant announces it in every answer by the same header. */
export const FOREST_REPORT = 'report-2';
/** A report on a group or its members, announced in the same way. */
export const GROUP_REPORT = 'report-3';
/** A receipt for the tenant's own users. A tenant announces it like that report, and only such a tenant is sent one. */
export const CLOUD_RECEIPT = 'receipt-4';
/** What every release reads, whether announced or not. */
const FIRST_RECORDS: readonly string[] = ['account-1', 'account-2', 'credential-2'];

const MAX_NAMES = 64;
const MAX_LENGTH = 2048;

/** Kind and version of a record, as announced. */
export const RecordName = z
  .string()
  .regex(/^[a-z]{1,32}-[1-9]\d{0,3}$/, 'a kind and a version such as account-3');
export const RecordNames = z.array(RecordName).max(MAX_NAMES);

export const writeAccepts = (names: readonly string[]): string => names.join(', ');

/**
 * What a header announces; undefined if it announces nothing. Ignores malformed names.
 * @param header as it came
 */
export function readAccepts(header: unknown): string[] | undefined {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return undefined;
  const names = header.split(',', MAX_NAMES).map(name => name.trim());
  const known = names.filter(name => RecordName.safeParse(name).success);
  return known.length === 0 ? undefined : known;
}

/** Whether a reader that announced this (or nothing) may be shown a record. @param name its kind and version */
export function isReadBy(announced: readonly string[] | undefined, name: string): boolean {
  return FIRST_RECORDS.includes(name) || (announced?.includes(name) ?? false);
}
