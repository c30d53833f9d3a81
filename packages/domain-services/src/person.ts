import type { FeedItem } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';

/** Identifies a user or group. INVARIANT: the same source anchor in two forests means two different users. */
export interface Person {
  /** `CLOUD_FOREST` for a cloud-only user. */
  readonly forest: string;
  readonly anchor: string;
}

/** One string per person. It is unambiguous because no forest's name contains a slash. */
export const keyOf = ({ forest, anchor }: Person): string => `${forest}/${anchor}`;

export const isSamePerson = (a: Person, b: Person): boolean => a.anchor === b.anchor && a.forest === b.forest;

/** Describes a user or group in a message, by name and identity. */
export const describePerson = (name: string, { forest, anchor }: Person, more = ''): string =>
  `${name} (${anchor} of ${forest}${more})`;

/** Whom a feed item is about, according to the tenant. A record in it that names somebody else is not believed. */
export const personOf = ({ forest, sourceAnchor }: Pick<FeedItem, 'forest' | 'sourceAnchor'>): Person => ({
  forest: forest ?? CLOUD_FOREST,
  anchor: sourceAnchor,
});

/** Whom a record is about, according to the record itself. */
export const signedPerson = ({ forest, sourceAnchor }: { forest: string; sourceAnchor: string }): Person => ({
  forest,
  anchor: sourceAnchor,
});

/** The same person in the form of a report. */
export const reportedPerson = ({
  forest,
  anchor,
}: Person): { sourceAnchor: string; forest: string | null } => ({
  sourceAnchor: anchor,
  forest: forest === CLOUD_FOREST ? null : forest,
});
