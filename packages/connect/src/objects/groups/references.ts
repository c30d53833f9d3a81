import { domainSidOf, type MemberValue } from '@causeway/active-directory';
import { ridOf as lastPartOf } from '@causeway/wire';
import { sourceAnchorOf } from '../source-anchor.ts';

/** SIDs that a domain gave out; all others are well-known. */
const OF_A_DOMAIN = 'S-1-5-21-';

/** Primary groups that count for nobody: Domain Users, Domain Guests, Domain Computers. */
const EVERYBODYS: ReadonlySet<number> = new Set([513, 514, 515]);

/**
 * What a member is known by (docs/formats.md, *Slices*): the anchor of an object of the domain that is read, so that no rename or move
 * changes anything; the SID of anybody else, whatever stands for them in the directory. Well-known SIDs are known by themselves: they
 * are counted, and no slice names them.
 *
 * @returns undefined for a value that says a name only
 */
export function referenceOf({ guid, sid }: MemberValue, domainSid: string | undefined): string | undefined {
  if (sid !== null && !isOwn(sid, domainSid)) return sid;
  return guid === null ? undefined : sourceAnchorOf(guid);
}

const isOwn = (sid: string, domainSid: string | undefined): boolean =>
  sid.startsWith(OF_A_DOMAIN) && (domainSid === undefined || domainSidOf(sid) === domainSid);

/** The last part of a SID of the domain that is read; null of any other. */
export function ridOf(sid: string | undefined, domainSid: string | undefined): number | null {
  return sid !== undefined && isOwn(sid, domainSid) ? lastPartOf(sid) : null;
}

/** The group that somebody is in by it, as its RID; undefined: none that counts. */
export function primaryGroupOf(attributes: Readonly<Record<string, string | string[]>>): number | undefined {
  const rid = Number(attributes.primaryGroupID);
  return Number.isSafeInteger(rid) && rid > 0 && !EVERYBODYS.has(rid) ? rid : undefined;
}

const DAY_MS = 24 * 60 * 60_000;

/** When the list of a group is read next: each group has its own time of the day, so that not all come at once. */
export function nextReadAt(objectGuid: string, now: number): number {
  const offset = Math.floor((Number.parseInt(objectGuid.slice(0, 8), 16) / 2 ** 32) * DAY_MS);
  const next = Math.floor(now / DAY_MS) * DAY_MS + offset;
  return next > now ? next : next + DAY_MS;
}
