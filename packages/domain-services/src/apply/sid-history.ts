import type { AccountRecord } from '@causeway/records';
import type { ManagedDomain } from '../managed-domain.ts';
import { type Refused, refuse, waitFor } from '../refusals.ts';

/** Finds the forest that a domain's SID (without a RID) is pinned to; undefined when it is to none yet. */
export type ForestOfSid = (domainSid: string) => string | undefined;

/** Of a user of some other domain, and of none of its built-in accounts: the first free RID is 1000. */
const USER_SID = /^(S-1-5-21-\d+-\d+-\d+)-(\d+)$/;
const FIRST_FREE_RID = 1000;

/**
 * `sIDHistory` gives the rights of the SID in it: no privileged one, none of the managed domain's own, and none of a
 * domain of another forest. A cloud-only user brings none.
 */
export function checkSid(
  { objectSid, forest, sequence }: AccountRecord,
  domain: ManagedDomain,
  forestOfSid: ForestOfSid,
): Refused | undefined {
  if (objectSid === null) return undefined;
  const domainSid = domainSidOf(objectSid);
  if (domainSid === undefined || domainSid === domain.sid)
    return refuse('protected-sid', sequence, objectSid);
  const pinned = forestOfSid(domainSid) ?? forest;
  if (pinned === forest) return undefined;
  const detail = `${domainSid} is a domain of ${pinned}, a user of ${forest} claims it`;
  return waitFor('other-forest-sid', sequence, detail, `sid:${domainSid}/${forest}`);
}

/** The domain's part of a user's SID; undefined for one that is no user's of an ordinary domain. */
export function domainSidOf(objectSid: string): string | undefined {
  const [, domainSid, rid] = USER_SID.exec(objectSid) ?? [];
  return Number(rid) >= FIRST_FREE_RID ? domainSid : undefined;
}

const SID_TO_ACCEPT = /^sid:([^/]+)\/(.+)$/;

/** What a refused claim of a SID offers to accept; undefined when something else is offered. */
export function sidToAccept(acceptable: string): { domainSid: string; forest: string } | undefined {
  const [, domainSid, forest] = SID_TO_ACCEPT.exec(acceptable) ?? [];
  return domainSid === undefined || forest === undefined ? undefined : { domainSid, forest };
}
