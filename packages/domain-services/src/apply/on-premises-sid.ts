import type { AccountRecord } from '@causeway/records';
import type { ManagedDomain } from '../managed-domain.ts';
import { type Refused, refuse } from '../refusals.ts';

/** Finds the forest that an administrator confirmed a domain's SID (without a RID) for; undefined when nobody confirmed it. */
export type ForestOfSid = (domainSid: string) => string | undefined;

/** The SID of a user or group of an ordinary domain, and not a built-in one: the first free RID is 1000. */
const USER_SID = /^(S-1-5-21-\d+-\d+-\d+)-(\d+)$/;
const FIRST_FREE_RID = 1000;

/**
 * A SID grants rights. So no user or group has one here that is privileged, belongs to the managed domain, or belongs to a domain that is
 * confirmed for another forest. Cloud-only objects bring none.
 */
export function checkSid(
  { objectSid, forest, sequence }: Pick<AccountRecord, 'objectSid' | 'forest' | 'sequence'>,
  domain: ManagedDomain,
  forestOfSid: ForestOfSid,
): Refused | undefined {
  if (objectSid === null) return undefined;
  const domainSid = domainSidOf(objectSid);
  if (domainSid === undefined || domainSid === domain.sid)
    return refuse('protected-sid', sequence, objectSid);
  const confirmed = forestOfSid(domainSid) ?? forest;
  if (confirmed === forest) return undefined;
  return refuse('other-forest-sid', sequence, `${domainSid} is a domain of ${confirmed}`);
}

/** INVARIANT: an object has a SID here only if an administrator confirmed its domain for the object's forest. Null: none. */
export function confirmedSid(
  { objectSid, forest }: Pick<AccountRecord, 'objectSid' | 'forest'>,
  forestOfSid: ForestOfSid,
): string | null {
  const domainSid = objectSid === null ? undefined : domainSidOf(objectSid);
  return domainSid !== undefined && forestOfSid(domainSid) === forest ? objectSid : null;
}

/** The domain's part of a SID; undefined if it is not a user's or group's of an ordinary domain. */
export function domainSidOf(objectSid: string): string | undefined {
  const [, domainSid, rid] = USER_SID.exec(objectSid) ?? [];
  return Number(rid) >= FIRST_FREE_RID ? domainSid : undefined;
}
