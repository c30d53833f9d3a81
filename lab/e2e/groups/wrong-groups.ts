import { call, type Send } from '@causeway/api';
import { groupRoutes } from '@causeway/contract';
import { type LdapConnection, textOf } from '@causeway/ldap';
import type { FoundGroup, Made } from './forest-of-groups.ts';

/** Where to look for groups of the forests: the tenant's API, and the managed domain's LDAP. */
export interface Places {
  readonly send: Send;
  readonly ldap: LdapConnection;
  /** Of the managed domain. */
  readonly base: string;
}

/**
 * How groups of tenant and managed domain differ from the domain controllers, in words. Empty: they do not.
 * @param living of all forests, by SID
 */
export async function wrongOf(
  places: Places,
  groups: readonly FoundGroup[],
  living: ReadonlyMap<string, Made>,
  gone: readonly Made[],
): Promise<string[]> {
  const wrong = [
    ...groups.map(group => wrongAtTenant(places, group, living)),
    ...groups.map(group => wrongInDomain(places, group, living)),
    ...[...living.values()].filter(({ isGroup }) => !isGroup).map(person => wrongOfPerson(places, person)),
    ...gone.map(one => wrongOfGone(places, one)),
  ];
  return (await Promise.all(wrong)).flat();
}

const namesOf = (sids: Iterable<string>, living: ReadonlyMap<string, Made>): string =>
  [...sids]
    .flatMap(sid => living.get(sid)?.sam ?? [])
    .toSorted()
    .join(' ');

/** How a group at the tenant's own API differs from its domain controller. */
async function wrongAtTenant(
  { send }: Places,
  group: FoundGroup,
  living: ReadonlyMap<string, Made>,
): Promise<string[]> {
  const query = { search: group.sam, limit: 1000 };
  const { groups } = await call(send, groupRoutes.listGroups, { query });
  const found = groups.find(({ onPremisesSecurityIdentifier: sid }) => sid === group.sid);
  if (found?.onPremisesSamAccountName !== group.sam) return [`tenant: no ${group.sam}`];
  const wrong = found.securityEnabled === group.isSecurity ? [] : [`tenant: the type of ${group.sam}`];
  const params = { group: found.id };
  const members = await call(send, groupRoutes.listGroupMembers, {
    params,
    query: { depth: 'direct', limit: 1000 },
  });
  const people = members.members.map(({ userPrincipalName }) => userPrincipalName.split('@')[0]!);
  const nested = (members.groups ?? []).map(one => one.onPremisesSamAccountName!);
  const has = [...people, ...nested].toSorted().join(' ');
  const should = namesOf(group.members, living);
  return has === should ? wrong : [...wrong, `tenant: ${group.sam} has '${has}', not '${should}'`];
}

/** The same in the managed domain: the group, and that of its on-premises SID. */
async function wrongInDomain(
  places: Places,
  { sam, sid, isSecurity, members }: FoundGroup,
  living: ReadonlyMap<string, Made>,
): Promise<string[]> {
  const found = await findGroup(places, sam);
  if (found === undefined) return [`domain: no ${sam}`];
  const wrong: string[] = [];
  const should = namesOf(members, living);
  if (found.members !== should) wrong.push(`domain: ${sam} has '${found.members}', not '${should}'`);
  if (found.isSecurity !== isSecurity) wrong.push(`domain: the type of ${sam}`);
  const [holder, opens] = [await holderOf(places, sid), isSecurity ? sam : ''];
  if (holder !== opens) wrong.push(`domain: the SID of ${sam} is of '${holder}', not '${opens}'`);
  return wrong;
}

async function wrongOfPerson(places: Places, { sam, sid }: Made): Promise<string[]> {
  const holder = await holderOf(places, sid);
  return holder === sam ? [] : [`domain: the SID of ${sam} is of '${holder}'`];
}

/** A deleted group's or user's SID must give no access. */
async function wrongOfGone(places: Places, { sam, sid, isGroup }: Made): Promise<string[]> {
  const holder = await holderOf(places, sid);
  const wrong = holder === '' ? [] : [`domain: the SID of ${sam}, who is gone, is of '${holder}'`];
  if (isGroup && (await findGroup(places, sam)) !== undefined) wrong.push(`domain: ${sam} is there`);
  return wrong;
}

interface Found {
  readonly isSecurity: boolean;
  /** By account name. */
  readonly members: string;
}

async function findGroup(
  { ldap, base }: Places,
  sam: string,
  container = 'AADDC Users',
): Promise<Found | undefined> {
  const [found] = await ldap.search(`OU=${container},${base}`, {
    filter: `(sAMAccountName=${sam})`,
    attributes: ['groupType', 'member'],
  });
  if (found === undefined) return undefined;
  const members = (found.attributes.member ?? []).map(dn => /^CN=([^,]+),/.exec(String(dn))![1]!);
  const isSecurity = textOf(found, 'groupType')?.startsWith('-') === true;
  return { isSecurity, members: members.toSorted().join(' ') };
}

/** The account names that have an on-premises SID here; empty: none. */
const holderOf = async (places: Places, sid: string): Promise<string> =>
  (await findGroup(places, sid, 'On-premises SIDs'))?.members ?? '';
