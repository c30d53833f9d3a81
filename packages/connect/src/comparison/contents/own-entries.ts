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

/** An entry with the connector that is the one to tell it. */
export interface OwnEntry extends Entry {
  readonly context: ConnectorContext;
  /** Of a membership the group. */
  readonly object: SpaceObject;
}

/** Groups whose members are looked for before anything else has its turn. */
const GROUPS = 500;

/** What this Connect would send of a forest's users or groups behind an anchor, from whichever of its domains, whatever went so far. */
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

/** Whom it would name in the slices of a forest's groups, behind a membership. */
export function ownMemberships(
  domains: readonly ConnectorContext[],
  after: MembershipKey | undefined,
): Side<OwnEntry> {
  return inOneOrder(domains.map(context => membershipsOf(context, after)));
}

/** Sides of the same things, as one. */
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
 * As its record would say it: what no record can hold is not compared where the tenant keeps what it had, and else is what stands in for it.
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

/** Of a record that is not made; it says nothing of what is compared. */
const NOT_SIGNED = { tenant: '', forest: '', sourceAnchor: '', objectGuid: '', sequence: 0, deleted: false };

/** What is known of it: the password itself is not asked for. Before everybody's was read once, that nothing is known says nothing. */
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

/** By which a membership is found, on both sides. */
export interface MembershipKey extends NamedMember {
  readonly anchor: string;
}

/** Keys are hexadecimal digits: behind this one there is none in the same group. */
const NOBODY_BEHIND: NamedMember = { key: 'g', reference: '-' };

export const membershipKey = ({ anchor, key, reference }: MembershipKey): string =>
  `${anchor} ${key} ${reference}`;

/** Undefined of no membership. */
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
