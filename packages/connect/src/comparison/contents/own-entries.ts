import { MAX_STORED, Profile } from '@causeway/contract';
import { encodableAccount, encodableGroup } from '@causeway/records';
import type { ConnectorContext, ScopeContext } from '../../context.ts';
import { accountOf } from '../../objects/decide-account.ts';
import { groupOf } from '../../objects/groups/decide-group.ts';
import type { NamedMember } from '../../store/groups/members.ts';
import type { ObjectKind, SpaceObject } from '../../store/space-object.ts';
import type { ConnectorStore } from '../../store/store.ts';
import type { Entry, Password, Side } from './compare-entries.ts';
import { comparedProfile } from './compared-profile.ts';

/** An entry with the connector that would send it. */
export interface OwnEntry extends Entry {
  readonly context: ConnectorContext;
  /** For a membership, the group. */
  readonly object: SpaceObject;
}

/** How many groups to read members of at once. */
const GROUPS = 500;

/** The users or groups behind an anchor that this Connect would send of a forest, of all its domains, sent already or not. */
export function ownObjects(
  domains: readonly ConnectorContext[],
  kind: ObjectKind,
  after: string,
): Side<OwnEntry> {
  return inOneOrder(
    domains.map(context => {
      const { store } = context;
      const objects = (kind === 'user' ? store.space : store.groups).wanted(after, MAX_STORED);
      const entries = objects.map(object =>
        kind === 'user' ? userEntry(context, object) : groupEntry(context, object),
      );
      return { entries, upTo: objects.length < MAX_STORED ? undefined : objects.at(-1)!.anchor };
    }),
  );
}

/** The memberships behind another one that this Connect would send in the slices of a forest's groups. */
export function ownMemberships(
  domains: readonly ConnectorContext[],
  after: MembershipKey | undefined,
): Side<OwnEntry> {
  return inOneOrder(domains.map(context => membershipsOf(context, after)));
}

/** Merges the sides of several domains into one. */
function inOneOrder(sides: readonly Side<OwnEntry>[]): Side<OwnEntry> {
  const [only, another] = sides;
  if (only && another === undefined) return only;
  const upTo = sides
    .flatMap(side => side.upTo ?? [])
    .sort()
    .at(0);
  const entries = sides
    .flatMap(side => side.entries)
    .sort((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)));
  return { entries, upTo };
}

/**
 * The user as the record would state it. If a record cannot hold a value, Connect compares what stands in for it, or leaves the value
 * out if the tenant keeps its former one.
 */
function userEntry(context: ConnectorContext, object: SpaceObject): OwnEntry {
  const { profile: rules } = context.store.rules.get();
  const account = accountOf(object, context.scope, rules);
  const { userPrincipalName, sAMAccountName, objectSid } = encodableAccount({
    ...NOT_SIGNED,
    userPrincipalName: account.userPrincipalName,
    sAMAccountName: account.onPremisesSamAccountName,
    objectSid: account.onPremisesSecurityIdentifier,
    enabled: account.accountEnabled,
    accountExpires: account.accountExpires,
  });
  return {
    key: object.anchor,
    name: nameOfUser(object, context.scope),
    attributes: {
      objectGuid: object.guid,
      userPrincipalName: userPrincipalName ?? undefined,
      signInName: userPrincipalName ?? undefined,
      onPremisesSamAccountName: sAMAccountName ?? undefined,
      onPremisesSecurityIdentifier: objectSid,
      accountEnabled: account.accountEnabled,
      accountExpires: account.accountExpires,
      ...comparedProfile(Profile.parse(account.profile), rules !== undefined),
    },
    password: context.staging ? 'not read yet' : passwordOf(context.store, object.guid),
    ...{ context, object },
  };
}

/** Fields that a record needs, but that are not compared. Nothing is signed here. */
const NOT_SIGNED = { tenant: '', forest: '', sourceAnchor: '', objectGuid: '', sequence: 0, deleted: false };

/** What Connect knows of a password, without reading it. An unknown password means none only after every password was read once. */
function passwordOf({ passwords, cursors }: ConnectorStore, guid: string): Password | null | 'not read yet' {
  const { acknowledged: order, withdrawn = false } = passwords.get(guid) ?? {};
  if (order) return { order, withdrawn };
  return cursors.get('replication-cookie') === undefined ? 'not read yet' : null;
}

function groupEntry(context: ConnectorContext, object: SpaceObject): OwnEntry {
  const group = groupOf(object.attributes);
  const { sAMAccountName, displayName, mail, objectSid, securityEnabled, scope } = encodableGroup({
    ...NOT_SIGNED,
    ...group,
  });
  const said = { sAMAccountName, displayName, mail, objectSid, securityEnabled, scope };
  return {
    key: object.anchor,
    name: nameOfGroup(object),
    attributes: { objectGuid: object.guid, ...said },
    ...{ context, object },
  };
}

/** Identifies a membership on both sides. */
export interface MembershipKey extends NamedMember {
  readonly anchor: string;
}

/** Keys are hexadecimal digits, so no key of the same group comes behind this one. */
const NOBODY_BEHIND: NamedMember = { key: 'g', reference: '-' };

export const membershipKey = ({ anchor, key, reference }: MembershipKey): string =>
  `${anchor} ${key} ${reference}`;

/** Undefined if the text is not a membership. */
export function readMembershipKey(text: string): MembershipKey | undefined {
  const [anchor, key, ...reference] = text.split(' ');
  if (!anchor || key === undefined || reference.length === 0) return undefined;
  return { anchor, key, reference: reference.join(' ') };
}

function membershipsOf(context: ConnectorContext, after: MembershipKey | undefined): Side<OwnEntry> {
  const { groups, lists, members } = context.store;
  const some = groups.wanted(after?.anchor ?? '', GROUPS, 'from');
  const entries: OwnEntry[] = [];
  for (const object of some) {
    const list = lists.get(object.guid);
    if (list === undefined) continue;
    const behind = object.anchor === after?.anchor ? after : { key: '', reference: '' };
    const left = MAX_STORED - entries.length;
    const named = members.named(list.id, behind, left);
    for (const member of named) {
      const key = membershipKey({ anchor: object.anchor, ...member });
      entries.push({ key, name: '', attributes: {}, context, object });
    }
    if (named.length === left) return { entries, upTo: entries.at(-1)!.key };
  }
  const upTo =
    some.length < GROUPS ? undefined : membershipKey({ anchor: some.at(-1)!.anchor, ...NOBODY_BEHIND });
  return { entries, upTo };
}

export const nameOfUser = (object: SpaceObject, scope: ScopeContext): string =>
  object.attributes.sAMAccountName === undefined ? object.anchor : accountOf(object, scope).userPrincipalName;

export const nameOfGroup = ({ attributes, dn }: SpaceObject): string =>
  String(attributes.sAMAccountName ?? dn);
