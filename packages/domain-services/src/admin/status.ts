import type { Identity } from '@causeway/api';
import type { DomainBlock, DomainStatus, DomainUserStatus, SeenRun } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { domainStatus, holdsDomain, type SambaRelease } from '@causeway/samba';
import { countAdministrators } from '../administrators/administrators.ts';
import { growthAlarms } from '../apply/creations.ts';
import type { DifferenceLimits, DomainConfiguration } from '../configuration.ts';
import { readLockAlarm } from '../directory/realm-guard.ts';
import { readDns } from '../dns.ts';
import { arrivals } from '../heads/arrival.ts';
import type { Block } from '../ledger/block-book.ts';
import { onlyOne, seekPerson, shownAccount, unknownUser } from '../ledger/find-person.ts';
import { countHeld, nameOf, stillSigningIn } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PublicDomainKeys } from '../pairing/domain-keys.ts';
import { offeredTenantKey, pinnedTenantKey } from '../pairing/tenant-key.ts';
import type { Places } from '../places.ts';
import { readRegistration } from '../registration/standing.ts';
import { listSids } from './sid-commands.ts';

export interface StatusSources {
  ledger: Ledger;
  places: Places;
  realm: string;
  enrolment: Identity;
  keys: PublicDomainKeys;
  limits: DifferenceLimits;
  onPremisesSids: DomainConfiguration['onPremisesSids'];
}

export function readStatus(
  sources: StatusSources,
  following:
    | {
        trouble: string | undefined;
        startedAt: number;
        samba?: SambaRelease;
        otherRuns?: SeenRun[] | undefined;
        groups?: { isServed: boolean | undefined; trouble: string | undefined } | undefined;
      }
    | undefined,
): DomainStatus {
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
    ...(holdsDomain(places.domain) && { dns: readDns(places.domain) }),
    onPremisesSids: listSids(ledger, sources.onPremisesSids),
    registration,
    ...(following?.otherRuns && { otherRuns: following.otherRuns }),
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
    groups: groupStatus(ledger, following?.groups),
    administrators: countAdministrators(ledger),
    blocked: blockedStatus(ledger),
    byHand: byHandStatus(ledger),
    guard: {
      alarm: readLockAlarm(ledger),
      ownChangesWaiting: ledger.ownChanges.waiting(),
      marksWaiting: ledger.marks.waiting(),
    },
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

/** How many users the status lists by name. */
const NAMED = 50;
const BLOCKED = 10;
const BY_HAND = 10;

function deletionStatus(ledger: Ledger): DomainStatus['deletions'] {
  const names = stillSigningIn(ledger);
  return {
    waiting: ledger.accounts.pendingDeletes().length,
    held: countHeld(ledger, 'delete'),
    stillSigningIn: names.slice(0, NAMED),
    stillSigningInCount: names.length,
  };
}

function groupStatus(
  ledger: Ledger,
  feed: { isServed: boolean | undefined; trouble: string | undefined } | undefined,
): NonNullable<DomainStatus['groups']> {
  const { written, waiting } = ledger.memberships.counts();
  return {
    ...ledger.groups.counts(),
    memberships: written,
    membershipsWaiting: waiting,
    deletionsWaiting: ledger.groups.pendingDeletes().length,
    deletionsHeld: countHeld(ledger, 'delete', 'group'),
    readAt: ledger.state.get('groupsReadAt') || null,
    served: feed?.isServed ?? null,
    trouble: feed?.trouble ?? null,
    problems: ledger.problems.groupCounts(),
  };
}

function blockedStatus(ledger: Ledger): DomainStatus['blocked'] {
  const latest = ledger.blocks.latest(BLOCKED).map(block => {
    const entry = ledger.accounts.of(block);
    return { ...shown(block), user: entry ? nameOf(entry) : 'somebody who has not come yet' };
  });
  return { ...ledger.blocks.counts(), latest };
}

function byHandStatus(ledger: Ledger): DomainStatus['byHand'] {
  const latest = ledger.byHand.list(BY_HAND).map(closed => {
    const entry = ledger.accounts.of(closed);
    return { ...closed, user: entry ? nameOf(entry) : closed.anchor };
  });
  return { count: ledger.byHand.count(), latest };
}

/** Leaves out what only the ledger needs. */
const shown = ({ forest, anchor, since, reason, by, applied }: Block): DomainBlock => ({
  ...{ forest, anchor, since, reason, by, applied },
});

/** @throws CausewayError 'no-such-user' or 'several-users' */
export function readUserStatus(ledger: Ledger, name: string, forest?: string): DomainUserStatus {
  const entry = seekPerson(ledger, name, forest);
  const block = entry ? ledger.blocks.of(entry) : onlyOne(ledger.blocks.ofAnchor(name), forest);
  const person = entry ?? block;
  if (!person) throw unknownUser(name, forest);
  const problems = ledger.problems.of(person);
  return { entry: entry ? shownAccount(entry) : null, block: block ? shown(block) : null, problems };
}
