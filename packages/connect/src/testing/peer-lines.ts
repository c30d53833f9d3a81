import type { CredentialChange, ObjectChange, TenantLine } from '@causeway/contract';
import type { PasswordOrder } from '@causeway/credentials';
import { BUCKETS, bucketOf, differingBuckets, linesDigest, packBuckets, peekRecord } from '@causeway/records';

/** A user as a scripted tenant keeps them. */
export interface PeerUser {
  object: Extract<ObjectChange, { operation: 'upsert' }>;
  /** With its complete record. */
  credential?: CredentialChange;
  /** Its newest withdrawal, until something newer comes. */
  withdrawal?: string;
  /** The order of the newest credential or withdrawal. */
  order?: PasswordOrder;
}

/** Lines per answer: few, so that there are several answers. */
const LINES_A_PAGE = 100;

/** What a scripted tenant has of its users. */
export function linesOf(users: ReadonlyMap<string, PeerUser>): TenantLine[] {
  return [...users].map(([sourceAnchor, { object, credential, withdrawal, order }]) => {
    const record = withdrawal ?? credential?.record;
    return {
      ...{ sourceAnchor, accountSequence: object.sequence, passwordOrder: order ?? null },
      credentialSequence: record ? peekRecord(record)!.sequence : 0,
      withdrawn: withdrawal !== undefined,
    };
  });
}

/** Numbers of the buckets that differ from the given digests. */
export function differingFrom(lines: readonly TenantLine[], digests: string): number[] {
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) =>
    linesDigest(inBuckets(lines, [bucket]).map(asLine)),
  );
  return differingBuckets(digests, packBuckets(buckets));
}

export function pageOf(
  lines: readonly TenantLine[],
  { buckets, after }: { buckets: readonly number[]; after: string },
): { lines: TenantLine[]; more: boolean } {
  const rest = inBuckets(lines, buckets).filter(({ sourceAnchor }) => sourceAnchor > after);
  return { lines: rest.slice(0, LINES_A_PAGE), more: rest.length > LINES_A_PAGE };
}

const inBuckets = (lines: readonly TenantLine[], buckets: readonly number[]): TenantLine[] =>
  lines
    .filter(({ sourceAnchor }) => buckets.includes(bucketOf(sourceAnchor)))
    .sort((a, b) => (a.sourceAnchor < b.sourceAnchor ? -1 : 1));

const asLine = ({ sourceAnchor, passwordOrder, ...line }: TenantLine) => ({
  ...{ anchor: sourceAnchor, passwordOrder: passwordOrder ?? undefined },
  ...line,
});
