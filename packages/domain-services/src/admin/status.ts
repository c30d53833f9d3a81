import { CLOUD_FOREST } from '@causeway/records';
import { domainStatus, type SambaRelease } from '@causeway/samba';
import { z } from 'zod';
import { type AdministratorCounts, countAdministrators } from '../administrators/administrators.ts';
import { growthAlarms } from '../apply/creations.ts';
import type { DifferenceLimits } from '../configuration.ts';
import { readLockAlarm } from '../directory/realm-guard.ts';
import { type Arrival, arrivals } from '../heads/arrival.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { TrustedAgent } from '../ledger/agent-book.ts';
import type { AuditEntry } from '../ledger/audit-book.ts';
import type { Block } from '../ledger/block-book.ts';
import { onlyOne, seekPerson, unknownUser } from '../ledger/find-person.ts';
import { countHeld, nameOf, stillSigningIn } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Problem } from '../ledger/problem-book.ts';
import type { PublicDomainKeys } from '../pairing/domain-keys.ts';
import { offeredTenantKey, pinnedTenantKey } from '../pairing/tenant-key.ts';
import type { Places } from '../places.ts';
import type { Enrolment } from '../registration/identity.ts';
import { type Registration, readRegistration } from '../registration/standing.ts';

/** What `causeway domain status` shows. */
export interface Status {
  realm: string;
  tenant: string;
  /** The agent itself runs; without it nothing is followed. */
  following: boolean;
  /** What keeps the feed from being followed, in words. */
  trouble: string | null;
  domain: { running: boolean; since: string | null };
  /** Absent where no service runs that has asked. */
  samba?: SambaRelease | undefined;
  /** Whether this is the tenant's managed domain. */
  registration: Registration;
  feed: { cursor: string; readAt: string | null; caughtUpAt: string | null; reportsWaiting: boolean };
  pairing: {
    fingerprint: string;
    trusted: TrustedAgent[];
    /** The tenant's own key, for cloud-only users; `offered` is another one that waits to be confirmed. */
    tenantKey: { fingerprint: string | null; offered: string | null };
  };
  accounts: { accounts: number; withCredential: number; deleted: number };
  administrators: AdministratorCounts;
  /** Whom administrators keep out: how many, those that are not on the account yet, and the newest. */
  blocked: { count: number; waiting: number; latest: (Block & { user: string })[] };
  guard: {
    /** A lock of an account that the domain needs, ended in the last day; null when there was none. */
    alarm: string | null;
    /** Accounts from before whose own changes of the password are not refused yet. */
    ownChangesWaiting: number;
  };
  /** Of each trusted forest. */
  arrivals: Arrival[];
  deletions: {
    waiting: number;
    /** Of those that wait: for an administrator. */
    held: number;
    /** The first of those who can still sign in because of that; `stillSigningInCount` of them in all. */
    stillSigningIn: string[];
    stillSigningInCount: number;
  };
  /** New accounts that wait for an administrator, and by forest those of 24 hours where they are too many. */
  creations: { held: number; alarms: Record<string, number> };
  /**
   * `asides`: names and SIDs that are not as their records say, which are written all the same; `unlisted`: refused records of people
   * whom no trusted key signed, beyond those that are listed.
   */
  problems: {
    counts: Record<string, number>;
    asides: Record<string, number>;
    unlisted: number;
    latest: Problem[];
  };
  audit: AuditEntry[];
}

/** What the local socket takes. */
export const UserQuery = z.object({ forest: z.string().max(255).optional() });

/** What `causeway domain status USER` shows. */
export interface UserStatus {
  /** Null of somebody who is blocked and has not come yet. */
  entry: LedgerEntry | null;
  block: Block | null;
  problems: Problem[];
}

export interface StatusSources {
  ledger: Ledger;
  places: Places;
  realm: string;
  enrolment: Enrolment;
  keys: PublicDomainKeys;
  limits: DifferenceLimits;
}

export function readStatus(
  sources: StatusSources,
  following: { trouble: string | undefined; startedAt: number; samba?: SambaRelease } | undefined,
): Status {
  const { ledger, places, realm, enrolment, keys } = sources;
  const domain = domainStatus(places.domain);
  const registration = readRegistration(ledger, realm);
  return {
    realm,
    tenant: enrolment.tenantName,
    following: following !== undefined,
    trouble: following?.trouble ?? null,
    domain: { running: domain.running, since: domain.since?.toISOString() ?? null },
    ...(following?.samba && { samba: following.samba }),
    registration,
    feed: {
      cursor: ledger.state.get('cursor') ?? '',
      readAt: ledger.state.get('readAt') ?? null,
      caughtUpAt: ledger.state.get('caughtUpAt') ?? null,
      reportsWaiting: ledger.outbox.holds(1),
    },
    pairing: {
      fingerprint: keys.fingerprint,
      trusted: ledger.agents.list().filter(({ forest }) => forest !== CLOUD_FOREST),
      tenantKey: {
        fingerprint: pinnedTenantKey(ledger)?.fingerprint ?? null,
        offered: offeredTenantKey(ledger) ?? null,
      },
    },
    accounts: ledger.accounts.counts(),
    administrators: countAdministrators(ledger),
    blocked: blockedStatus(ledger),
    guard: { alarm: readLockAlarm(ledger), ownChangesWaiting: ledger.ownChanges.waiting() },
    arrivals: arrivals(ledger, sources.limits, following?.startedAt).map(arrival =>
      registration.alarm === null
        ? arrival
        : { ...arrival, state: 'not registered' as const, completeAsOf: null },
    ),
    deletions: deletionStatus(ledger),
    creations: { held: countHeld(ledger, 'create'), alarms: growthAlarms(ledger) },
    problems: {
      counts: ledger.problems.counts(),
      asides: ledger.problems.asideCounts(),
      unlisted: ledger.problems.unlisted(),
      latest: ledger.problems.list(20),
    },
    audit: ledger.audit.list(10),
  };
}

/** People whom the status names. */
const NAMED = 50;
const BLOCKED = 10;

function deletionStatus(ledger: Ledger): Status['deletions'] {
  const names = stillSigningIn(ledger);
  return {
    waiting: ledger.accounts.pendingDeletes().length,
    held: countHeld(ledger, 'delete'),
    stillSigningIn: names.slice(0, NAMED),
    stillSigningInCount: names.length,
  };
}

function blockedStatus(ledger: Ledger): Status['blocked'] {
  const latest = ledger.blocks.latest(BLOCKED).map(block => {
    const entry = ledger.accounts.of(block);
    return { ...block, user: entry ? nameOf(entry) : 'somebody who has not come yet' };
  });
  return { ...ledger.blocks.counts(), latest };
}

/** @throws CausewayError 'unknown-user' or 'several-forests' */
export function readUserStatus(ledger: Ledger, name: string, forest?: string): UserStatus {
  const entry = seekPerson(ledger, name, forest);
  const block = entry ? ledger.blocks.of(entry) : onlyOne(ledger.blocks.ofAnchor(name), forest);
  const person = entry ?? block;
  if (!person) throw unknownUser(name, forest);
  return { entry: entry ?? null, block: block ?? null, problems: ledger.problems.of(person) };
}
