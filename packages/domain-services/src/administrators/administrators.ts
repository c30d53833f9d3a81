import { callIfServed, type Send } from '@causeway/api';
import {
  type AdministratorCounts,
  type ListedAdministrator,
  managedDomainRoutes,
  type ReplyOf,
} from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import type { Log } from '@causeway/service';
import { z } from 'zod';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Acceptance } from '../ledger/administrator-book.ts';
import { nameOf } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { keyOf, type Person, personOf } from '../person.ts';

// Who administers the managed domain. The tenant proposes. An administrator of this machine accepts one object, by forest, anchor and
// objectGUID. Names come from the ledger, from signed records: the tenant's name for a user decides nothing.

type Said = ReplyOf<typeof managedDomainRoutes.readAdministrators>;

/** The tenant's last answer about its proposals. A tenant of the previous release has no such answer. */
const Heard = z.strictObject({ tenant: z.enum(['says', 'older']), more: z.number() });

/** An administrator whose acceptance holds now. */
export interface Administrator {
  entry: LedgerEntry;
  accepted: Acceptance;
}

/** An acceptance that has ended. */
export interface Ended extends Person {
  objectGuid: string;
  name: string;
  why: string;
}

/** Asks whom the tenant proposes; undefined where a tenant of the previous release does not say. @throws CallError when the call fails */
export const askProposals = (send: Send, signal: AbortSignal): Promise<Said | undefined> =>
  callIfServed(send, managedDomainRoutes.readAdministrators, { signal });

/**
 * Keeps what the tenant proposes now. An acceptance ends with its proposal. A member who was removed and added again is a new proposal. A
 * tenant that does not say changes nothing.
 * @returns the acceptances that ended, and whether anybody is newly proposed
 */
export function noteProposals(ledger: Ledger, said: Said | undefined): { ended: Ended[]; isNew: boolean } {
  return ledger.transaction(() => {
    const heard = said ? { tenant: 'says' as const, more: said.more } : { tenant: 'older' as const, more: 0 };
    if (JSON.stringify(readHeard(ledger)) !== JSON.stringify(heard))
      ledger.state.set('proposals', JSON.stringify(heard satisfies z.infer<typeof Heard>));
    if (said === undefined) return { ended: [], isNew: false };
    const at = ledger.timestamp();
    const proposals = new Map(
      said.members.map(member => {
        const { addedAt, userPrincipalName: calledByTenant } = member;
        const person = personOf(member);
        return [keyOf(person), { ...person, addedAt, calledByTenant, since: at, accepted: null }];
      }),
    );
    const ended: Ended[] = [];
    for (const known of ledger.administrators.all()) {
      const now = proposals.get(keyOf(known));
      if (now?.addedAt === known.addedAt) {
        proposals.delete(keyOf(known));
        const { calledByTenant } = now;
        if (calledByTenant !== known.calledByTenant) ledger.administrators.save({ ...known, calledByTenant });
        continue;
      }
      ledger.administrators.drop(known);
      if (known.accepted) ended.push(noteEnd(ledger, known, known.accepted, NOT_PROPOSED));
    }
    for (const proposal of proposals.values()) ledger.administrators.save(proposal);
    return { ended, isNew: proposals.size > 0 };
  });
}

/** Ends the acceptances of users whom their forest deleted, or whose anchor is another object now. Runs in the caller's transaction. */
export function endAcceptances(ledger: Ledger): Ended[] {
  return ledger.administrators.all().flatMap(proposal => {
    const { accepted } = proposal;
    if (!accepted) return [];
    const why = whyEnded(ledger.accounts.of(proposal), accepted);
    if (why === undefined) return [];
    ledger.administrators.save({ ...proposal, accepted: null });
    return [noteEnd(ledger, proposal, accepted, why)];
  });
}

/**
 * Ends the acceptances of users whose accounts are not in the administrators' group. An older ledger does not know whom an administrator
 * has removed since. Runs in the caller's transaction.
 * @param members objectGUIDs of the group's members
 */
export function endUnproven(ledger: Ledger, members: ReadonlySet<string>): Ended[] {
  return ledger.administrators.all().flatMap(proposal => {
    const { accepted } = proposal;
    const guid = ledger.accounts.of(proposal)?.managedGuid;
    if (!accepted || (guid && members.has(guid))) return [];
    ledger.administrators.save({ ...proposal, accepted: null });
    return [noteEnd(ledger, proposal, accepted, NOT_PROVEN)];
  });
}

export function logEnded(log: Log, ended: readonly Ended[]): void {
  for (const one of ended) log.warn(one, "removed from the managed domain's administrators");
}

/** Who administers the managed domain now: accepted here, still proposed by the tenant, and still the object that was accepted. */
export function standingAdministrators(ledger: Ledger): Administrator[] {
  return ledger.administrators.all().flatMap(proposal => {
    const { accepted } = proposal;
    const entry = ledger.accounts.of(proposal);
    return accepted && entry && whyEnded(entry, accepted) === undefined ? [{ entry, accepted }] : [];
  });
}

export function listAdministrators(ledger: Ledger): ListedAdministrator[] {
  const standing = new Map(
    standingAdministrators(ledger).map(({ entry, accepted }) => [keyOf(entry), accepted]),
  );
  return ledger.administrators.all().map(proposal => {
    const { forest, anchor, calledByTenant } = proposal;
    const person = ledger.accounts.of(proposal);
    const entry = person && isLive(person) ? person : undefined;
    const accepted = standing.get(keyOf(proposal));
    return {
      ...{ forest, anchor, cloudOnly: forest === CLOUD_FOREST },
      state: accepted ? 'accepted' : entry ? 'proposed' : 'unknown',
      objectGuid: entry?.objectGuid ?? null,
      name: entry ? nameOf(entry) : null,
      samAccountName: entry?.samAccountName ?? null,
      acceptedAs: accepted?.name ?? null,
      calledByTenant: entry ? null : calledByTenant,
      since: accepted?.at ?? proposal.since,
    };
  });
}

export function countAdministrators(ledger: Ledger): AdministratorCounts {
  const accepted = standingAdministrators(ledger).length;
  const heard = readHeard(ledger);
  return {
    accepted,
    waiting: ledger.administrators.all().length - accepted,
    ...{ more: heard?.more ?? 0, tenant: heard?.tenant ?? null },
  };
}

const NOT_PROVEN =
  'the ledger is older than the directory, where they are not in the group of administrators: accept them again';
const NOT_PROPOSED = 'the tenant does not propose them any more';

/** Whether the user's forest says that the account exists. */
export const isLive = (entry: LedgerEntry): boolean =>
  entry.accountSequence !== null && entry.deleteSequence === null && entry.deletedAt === null;

function whyEnded(entry: LedgerEntry | undefined, { objectGuid }: Acceptance): string | undefined {
  if (entry === undefined) return 'nobody here has this forest and anchor';
  if (entry.objectGuid !== objectGuid) return `their anchor is another object now, ${entry.objectGuid}`;
  return isLive(entry) ? undefined : 'they are deleted where they come from';
}

function noteEnd(ledger: Ledger, of: Person, { objectGuid, name }: Acceptance, why: string): Ended {
  const { forest, anchor } = of;
  const ended = { forest, anchor, objectGuid, name, why };
  auditAdministrator(ledger, 'administrator-ended', ended, why);
  return ended;
}

/** Records in the audit trail that an acceptance began or ended. */
export function auditAdministrator(
  ledger: Ledger,
  action: 'accept-administrator' | 'remove-administrator' | 'administrator-ended',
  { forest, anchor, objectGuid, name }: Person & { objectGuid: string; name: string },
  why?: string,
): void {
  const detail = `${name} of ${forest}, objectGUID ${objectGuid}${why === undefined ? '' : `: ${why}`}`;
  ledger.audit.add({ action, subject: anchor, detail });
}

function readHeard(ledger: Ledger): z.infer<typeof Heard> | undefined {
  const text = ledger.state.get('proposals');
  return text === undefined ? undefined : Heard.safeParse(JSON.parse(text)).data;
}
