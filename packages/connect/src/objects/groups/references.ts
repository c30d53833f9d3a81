import { domainSidOf, type MemberValue } from '@causeway/active-directory';
import { ridOf as lastPartOf } from '@causeway/wire';
import { sourceAnchorOf } from '../source-anchor.ts';

/** The prefix of SIDs that a domain gave out. All others are well-known. */
const OF_A_DOMAIN = 'S-1-5-21-';

/** RIDs of primary groups that give nobody a membership: Domain Users, Domain Guests, Domain Computers. */
const EVERYBODYS: ReadonlySet<number> = new Set([513, 514, 515]);

/**
 * How a member is identified (docs/formats.md, *Slices*). An object of the domain that is read has its anchor, so no rename or move changes
 * anything. Anybody else has their SID, whatever object stands for them in the directory. Well-known SIDs stand for themselves: they are
 * counted, and no slice names them.
 *
 * @returns undefined for a value that only gives a name
 */
export function referenceOf({ guid, sid }: MemberValue, domainSid: string | undefined): string | undefined {
  if (sid !== null && !isOwn(sid, domainSid)) return sid;
  return guid === null ? undefined : sourceAnchorOf(guid);
}

const isOwn = (sid: string, domainSid: string | undefined): boolean =>
  sid.startsWith(OF_A_DOMAIN) && (domainSid === undefined || domainSidOf(sid) === domainSid);

/** The last part of a SID of the domain that is read; null for any other SID. */
export function ridOf(sid: string | undefined, domainSid: string | undefined): number | null {
  return sid !== undefined && isOwn(sid, domainSid) ? lastPartOf(sid) : null;
}

/** The RID of a user's primary group; undefined if none that counts. */
export function primaryGroupOf(attributes: Readonly<Record<string, string | string[]>>): number | undefined {
  const rid = Number(attributes.primaryGroupID);
  return Number.isSafeInteger(rid) && rid > 0 && !EVERYBODYS.has(rid) ? rid : undefined;
}

const DAY_MS = 24 * 60 * 60_000;

/** When a group's list is read next. Each group has its own time of day, so that they are not all read at once. */
export function nextReadAt(objectGuid: string, now: number): number {
  const offset = Math.floor((Number.parseInt(objectGuid.slice(0, 8), 16) / 2 ** 32) * DAY_MS);
  const next = Math.floor(now / DAY_MS) * DAY_MS + offset;
  return next > now ? next : next + DAY_MS;
}
