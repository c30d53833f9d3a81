import { CallError } from '@causeway/api';
import type { StoredGroup, StoredMembership, StoredUser } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import type { Entry, Side } from './compare-entries.ts';
import { comparedProfile } from './compared-profile.ts';
import { type MembershipKey, membershipKey } from './own-entries.ts';

/** An entry with the tenant's reason why a name cannot be used. */
export interface StoredEntry extends Entry {
  readonly nameProblem: string | null;
}

/** What the tenant has behind an anchor. @throws CausewayError 'tenant-too-old'; CallError */
export async function storedObjects(
  { tenant, connector: { forest } }: ConnectorContext,
  kind: 'user' | 'group',
  after: string,
): Promise<Side<StoredEntry>> {
  if (kind === 'user') {
    const { users, more } = served(await tenant.readStoredUsers({ forest, after }));
    return sideOf(users.map(userEntry), more, after);
  }
  const { groups, more } = served(await tenant.readStoredGroups({ forest, after }));
  return sideOf(groups.map(groupEntry), more, after);
}

export async function storedMemberships(
  { tenant, connector }: ConnectorContext,
  from: MembershipKey | undefined,
): Promise<Side<StoredEntry>> {
  const after = from ? { sourceAnchor: from.anchor, key: from.key, member: from.reference } : null;
  const reply = served(await tenant.readStoredMemberships({ forest: connector.forest, after }));
  return sideOf(reply.memberships.map(membershipEntry), reply.more, from ? membershipKey(from) : '');
}

function served<T>(reply: T | undefined): T {
  if (reply !== undefined) return reply;
  const text = 'the tenant is of a release that does not show what it has';
  throw new CausewayError('tenant-too-old', text);
}

/** Requires order, because a tenant whose answer goes in circles would be asked forever. */
function sideOf(entries: StoredEntry[], more: boolean, after: string): Side<StoredEntry> {
  let last = after;
  for (const { key } of entries) {
    if (key <= last) throw new CallError(0, 'bad-answer', `the tenant's '${key}' is out of order`);
    last = key;
  }
  if (more && entries.length === 0)
    throw new CallError(0, 'bad-answer', 'the tenant has more, and shows none of it');
  return { entries, upTo: more ? last : undefined };
}

function userEntry(user: StoredUser): StoredEntry {
  const { sourceAnchor, passwordOrder, withdrawn, profile, nameProblem, ...attributes } = user;
  const { userPrincipalName, onPremisesSamAccountName } = user;
  return {
    key: sourceAnchor,
    name: userPrincipalName || onPremisesSamAccountName || sourceAnchor,
    attributes: { ...attributes, ...comparedProfile(profile) },
    password: passwordOrder && { order: passwordOrder, withdrawn },
    nameProblem,
  };
}

function groupEntry({ sourceAnchor, ...attributes }: StoredGroup): StoredEntry {
  const { sAMAccountName, displayName } = attributes;
  return {
    key: sourceAnchor,
    name: sAMAccountName ?? displayName ?? sourceAnchor,
    attributes,
    nameProblem: null,
  };
}

function membershipEntry({ sourceAnchor: anchor, key, member: reference }: StoredMembership): StoredEntry {
  const entry = membershipKey({ anchor, key, reference });
  return { key: entry, name: '', attributes: {}, nameProblem: null };
}
