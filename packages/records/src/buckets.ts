import { hash } from 'node:crypto';
import type { PasswordOrder } from '@causeway/credentials';

/** A forest's users are divided into this many buckets, so that two places can locate a difference without listing every user. */
export const BUCKETS = 256;
export const DIGEST_LENGTH = 16;

/** An existing user, with the sequences of the account record and the credential record; 0: none. */
export interface Entry {
  anchor: string;
  accountSequence: number;
  credentialSequence: number;
}

/** The first byte of the anchor's SHA-256. */
export function bucketOf(anchor: string): number {
  return hash('sha256', anchor, 'buffer')[0]!;
}

/**
 * The digest of one bucket: the first 16 bytes of SHA-256 over one line per user.
 *
 * @param entries sorted by the UTF-8 bytes of their anchors, as SQLite sorts them
 */
export function bucketDigest(entries: readonly Entry[]): Uint8Array {
  const digest = hash('sha256', entries.map(entryLine).join(''), 'buffer');
  return new Uint8Array(digest.subarray(0, DIGEST_LENGTH));
}

/** Unambiguous, because a record's anchor contains no line feed and the numbers come last. */
function entryLine({ anchor, accountSequence, credentialSequence }: Entry): string {
  return `${anchor} ${accountSequence} ${credentialSequence}\n`;
}

/** One bucket: its digest and its content. */
export interface Bucket {
  digest: Uint8Array;
  accounts: number;
  credentials: number;
}

/** All buckets of a forest. */
export interface ForestSummary {
  accounts: number;
  credentials: number;
  /** All digests, concatenated: see `packBuckets`. */
  buckets: string;
}

export function summarizeBucket(entries: readonly Entry[]): Bucket {
  const credentials = entries.filter(({ credentialSequence }) => credentialSequence > 0).length;
  return { digest: bucketDigest(entries), accounts: entries.length, credentials };
}

/** @param bucket returns each bucket by its number */
export function summarizeForest(bucket: (number: number) => Bucket): ForestSummary {
  const all = Array.from({ length: BUCKETS }, (_, number) => bucket(number));
  return {
    accounts: all.reduce((sum, { accounts }) => sum + accounts, 0),
    credentials: all.reduce((sum, { credentials }) => sum + credentials, 0),
    buckets: packBuckets(all.map(({ digest }) => digest)),
  };
}

/** All digests of a forest, concatenated, as a head carries them. */
export function packBuckets(digests: readonly Uint8Array[]): string {
  return Buffer.concat(digests).toString('base64url');
}

/** The buckets whose digests differ between the two sides. */
export function differingBuckets(a: string, b: string): number[] {
  const [left, right] = [Buffer.from(a, 'base64url'), Buffer.from(b, 'base64url')];
  const differing: number[] = [];
  for (let n = 0; n < BUCKETS; n++) {
    const [from, to] = [n * DIGEST_LENGTH, (n + 1) * DIGEST_LENGTH];
    if (left.compare(right, from, to, from, to) !== 0) differing.push(n);
  }
  return differing;
}

/** What a place has of one user, as Connect and the tenant compare it. Also covers a password for which no record was sealed. */
export interface Line extends Entry {
  /** Of the password, or of the withdrawal that replaced it; undefined for a user who never had one. */
  passwordOrder: PasswordOrder | undefined;
  /** There is no password, because it was withdrawn. */
  withdrawn: boolean;
}

/**
 * What one line contributes to the digest of its bucket: the first 16 bytes of SHA-256 over the line's text (docs/formats.md, *Comparing*).
 * The bucket's digest is the exclusive or of all contributions, so a place can update it with its rows, in any order. Such a digest only
 * tells where to look; nobody trusts it.
 */
export function lineDigest({
  anchor,
  accountSequence,
  credentialSequence,
  passwordOrder,
  withdrawn,
}: Line): Uint8Array {
  const { epoch = 0, version, originatingTime, originatingInvocationId } = passwordOrder ?? {};
  const life = epoch > 0 ? `e${epoch}.` : '';
  const order = passwordOrder ? `${life}${version}.${originatingTime}.${originatingInvocationId}` : '-';
  const text = `${anchor} ${accountSequence} ${credentialSequence} ${order} ${withdrawn ? 'withdrawn' : 'open'}`;
  return new Uint8Array(hash('sha256', text, 'buffer').subarray(0, DIGEST_LENGTH));
}

/** The digest of a bucket's lines, in any order; zero for none. */
export function linesDigest(lines: Iterable<Line>): Uint8Array {
  const digest = new Uint8Array(DIGEST_LENGTH);
  for (const line of lines) addTo(digest, lineDigest(line));
  return digest;
}

/** By exclusive or. */
function addTo(digest: Uint8Array, line: Uint8Array): void {
  for (const [i, byte] of line.entries()) digest[i]! ^= byte;
}

/** An existing group, or a slice of its members, with the sequence of its record. */
export interface GroupEntry {
  anchor: string;
  /** Null for the group itself. */
  prefix: string | null;
  sequence: number;
}

/** Identifies a line: a group's anchor contains no space. */
export const groupLineKey = ({ anchor, prefix }: Pick<GroupEntry, 'anchor' | 'prefix'>): string =>
  prefix === null ? anchor : `${anchor} ${prefix}`;

/** By the key of its line, so that the slices of a large group spread over many buckets. */
export const groupBucketOf = (entry: Pick<GroupEntry, 'anchor' | 'prefix'>): number =>
  bucketOf(groupLineKey(entry));

const groupLine = (entry: GroupEntry): string => `${groupLineKey(entry)} ${entry.sequence}`;

/** All groups of a forest and the live slices of their members. */
export interface GroupSummary {
  groups: number;
  slices: number;
  /** All digests, concatenated: see `packBuckets`. */
  groupBuckets: string;
}

/** The digests of a head: the first 16 bytes of SHA-256 over one line per group and slice, each with a line feed, sorted by their bytes. */
export function summarizeGroups(entries: Iterable<GroupEntry>): GroupSummary {
  const lines: string[][] = Array.from({ length: BUCKETS }, () => []);
  let [groups, slices] = [0, 0];
  for (const entry of entries) {
    if (entry.prefix === null) groups++;
    else slices++;
    lines[groupBucketOf(entry)]!.push(`${groupLine(entry)}\n`);
  }
  const digests = lines.map(some => groupDigestOf(some));
  return { groups, slices, groupBuckets: packBuckets(digests) };
}

/** The same for one bucket. */
export const groupBucketDigest = (entries: Iterable<GroupEntry>): Uint8Array =>
  groupDigestOf(Array.from(entries, entry => `${groupLine(entry)}\n`));

function groupDigestOf(lines: string[]): Uint8Array {
  lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return new Uint8Array(hash('sha256', lines.join(''), 'buffer').subarray(0, DIGEST_LENGTH));
}

/** What Connect and the tenant compare for groups, as `linesDigest` does for users: per bucket, the exclusive or of its lines' digests. */
export function groupLineDigests(entries: Iterable<GroupEntry>): string {
  const digests = Array.from({ length: BUCKETS }, () => new Uint8Array(DIGEST_LENGTH));
  for (const entry of entries)
    addTo(
      digests[groupBucketOf(entry)]!,
      hash('sha256', groupLine(entry), 'buffer').subarray(0, DIGEST_LENGTH),
    );
  return packBuckets(digests);
}
