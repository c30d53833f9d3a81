import {
  COMPARED_KINDS,
  type ComparisonPage,
  type ComparisonPosition,
  type Difference,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { type Compared, compareEntries, type Found } from './compare-entries.ts';
import {
  type MembershipKey,
  nameOfGroup,
  nameOfUser,
  type OwnEntry,
  ownMemberships,
  ownObjects,
  readMembershipKey,
} from './own-entries.ts';
import { type StoredEntry, storedMemberships, storedObjects } from './stored-entries.ts';
import { type ComparedDomain, type Why, Whys } from './why-different.ts';

/**
 * Compares a part of what this Connect would send of a forest with what the tenant has, object by object, from a position on. It does
 * not matter who sent it. Trusts nothing that the tenant says, stores nothing, and reads no password.
 *
 * @throws CausewayError 'not-imported', 'bad-request', 'tenant-too-old'; CallError
 */
export async function readDifferences(
  domains: readonly ComparedDomain[],
  position: ComparisonPosition,
): Promise<ComparisonPage> {
  const contexts = domains.map(({ context }) => context);
  refuseNotImported(contexts);
  const { kind } = position;
  const whys = new Whys(domains, contexts[0]!.store.clock.now());
  const { found, upTo, ...counts } = await compareFrom(contexts, position);
  const differences = found.map(one =>
    kind === 'membership' ? ofMembership(one, whys) : ofObject(one, kind, whys),
  );
  const next = COMPARED_KINDS[COMPARED_KINDS.indexOf(kind) + 1];
  const behind = next === undefined ? null : { kind: next, after: '' };
  const staging = contexts[0]!.staging && { staging: true as const };
  return { differences, ...counts, ...staging, next: upTo === undefined ? behind : { kind, after: upTo } };
}

/** A Connect that has not read the whole directory would take everybody in the tenant for a stranger. */
function refuseNotImported(contexts: readonly ConnectorContext[]): void {
  const unread = contexts.find(({ store }) => store.cursors.get('dirsync-cookie') === undefined);
  if (unread === undefined) return;
  const { name } = unread.connector;
  const text = `connector '${name}' has not imported its directory yet`;
  throw new CausewayError('not-imported', text);
}

/** Asks the tenant first. A change here meanwhile then shows in Connect's own entries, as pending or sent a moment ago. */
async function compareFrom(
  contexts: readonly ConnectorContext[],
  { kind, after }: ComparisonPosition,
): Promise<Compared<OwnEntry, StoredEntry>> {
  const [context] = contexts;
  if (kind === 'membership') {
    const from = placeOf(after);
    const stored = await storedMemberships(context!, from);
    return compareEntries(ownMemberships(contexts, from), stored);
  }
  const stored = await storedObjects(context!, kind, after);
  return compareEntries(ownObjects(contexts, kind, after), stored);
}

function placeOf(after: string): MembershipKey | undefined {
  const key = after === '' ? undefined : readMembershipKey(after);
  if (after !== '' && key === undefined)
    throw new CausewayError('bad-request', 'query.after: a cursor of this list expected');
  return key;
}

type FoundHere = Found<OwnEntry, StoredEntry>;

function ofObject(found: FoundHere, kind: 'user' | 'group', whys: Whys): Difference {
  const { what, attributes, isPassword, ours, theirs } = found;
  const { key: sourceAnchor, name } = (ours ?? theirs)!;
  const why = isPassword
    ? whys.ofPassword(ours!)
    : ours
      ? whys.ofWanted(ours, kind)
      : whys.ofUnwanted(sourceAnchor, kind);
  const ofName = attributes.some(each => each.name === 'signInName') ? theirs!.nameProblem : null;
  return {
    ...{ kind: isPassword ? 'password' : kind, what, sourceAnchor, name, attributes },
    ...why,
    note: why.note ?? ofName,
  };
}

function ofMembership({ what, ours, theirs }: FoundHere, whys: Whys): Difference {
  const key = readMembershipKey((ours ?? theirs)!.key)!;
  const placed =
    ours ?? whys.find(key.anchor, 'group').find(({ object }) => object.desiredDigest !== undefined);
  const why: Why = whys.ofMembership(key, placed, ours !== undefined);
  const group = placed ? nameOfGroup(placed.object) : key.anchor;
  const name = `${nameOfMember(key.reference, whys)} in ${group}`;
  return {
    ...{ kind: 'membership', what, sourceAnchor: key.anchor, member: key.reference, name, attributes: [] },
    ...why,
  };
}

function nameOfMember(reference: string, whys: Whys): string {
  const [user] = whys.find(reference, 'user');
  if (user) return nameOfUser(user.object, user.context.scope);
  const [group] = whys.find(reference, 'group');
  return group ? nameOfGroup(group.object) : reference;
}
