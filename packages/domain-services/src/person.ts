import type { FeedItem } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';

/** Who somebody is. INVARIANT: of two forests that say one source anchor each has a person of its own. */
export interface Person {
  /** `CLOUD_FOREST` of a cloud-only user. */
  readonly forest: string;
  readonly anchor: string;
}

/** One text for one person: no forest's name has a slash. */
export const keyOf = ({ forest, anchor }: Person): string => `${forest}/${anchor}`;

export const isSamePerson = (a: Person, b: Person): boolean => a.anchor === b.anchor && a.forest === b.forest;

/** Somebody in a message: by a name, and by who they are. */
export const describePerson = (name: string, { forest, anchor }: Person, more = ''): string =>
  `${name} (${anchor} of ${forest}${more})`;

/** Whom an item of the feed is about, in the tenant's words: no record of it that says another one is believed. */
export const personOf = ({ forest, sourceAnchor }: Pick<FeedItem, 'forest' | 'sourceAnchor'>): Person => ({
  forest: forest ?? CLOUD_FOREST,
  anchor: sourceAnchor,
});

/** Whom a record is about, in its own words. */
export const signedPerson = ({ forest, sourceAnchor }: { forest: string; sourceAnchor: string }): Person => ({
  forest,
  anchor: sourceAnchor,
});

/** The same as a report says it. */
export const reportedPerson = ({
  forest,
  anchor,
}: Person): { sourceAnchor: string; forest: string | null } => ({
  sourceAnchor: anchor,
  forest: forest === CLOUD_FOREST ? null : forest,
});
