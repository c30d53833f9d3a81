import type { ConnectGroupStatus, ConnectGroups } from '@causeway/contract';
import { table } from '@causeway/service';

/** The state of groups and their member lists, in words. */
export function describeGroups(of: ConnectGroups, connector: string): string[] {
  const lines = [
    `${of.groups} groups in scope, ${of.exported} in the tenant, ${of.memberships} memberships; ${of.slicesWaiting} slices of members wait to be sent, ${of.listsToRead} lists to be read`,
  ];
  if (of.waitingFor !== null)
    lines.push(of.waitingFor.startsWith('ALARM') ? of.waitingFor : `groups wait: ${of.waitingFor}`);
  if (of.slicesRefused > 0) lines.push(`${of.slicesRefused} slices were not taken: ${of.problem}`);
  const show = `causeway connect deletions --connector '${connector}'`;
  if (of.suppressedDeletes > 0)
    lines.push(`${of.suppressedDeletes} deletions of groups wait for you: ${show}`);
  if (of.suppressedRemovals > 0)
    lines.push(
      `${of.suppressedRemovals} members whom the lists of their groups do not show any more wait for you: ${show}`,
    );
  if (of.wellKnown > 0) lines.push(`${of.wellKnown} members are well-known SIDs, which are not synchronized`);
  for (const { group, contains } of of.containing)
    lines.push(`does not arrive: ${group} contains ${contains}, which is not synchronized`);
  for (const { group, members } of of.large) lines.push(`a large group: ${group} has ${members} members`);
  return lines;
}

/** The state of one group at every step, in words. */
export function describeGroup(of: ConnectGroupStatus): string[] {
  const { list, slices } = of;
  const refused = slices.refused === 0 ? '' : `, ${slices.refused} of them not taken: ${slices.problem}`;
  return table([
    ['group', of.group],
    ['connector', of.connector],
    ['DN', of.distinguishedName],
    ['source anchor', of.sourceAnchor],
    ['synchronized', synchronizedText(of)],
    ['object', `${of.export.state}${of.export.at ? ` since ${of.export.at}` : ''}`],
    ['object problem', of.export.problem ?? 'none'],
    ['members', String(of.members)],
    ['slices', `${slices.acknowledged} in the tenant, ${slices.waiting} wait to be sent${refused}`],
    [
      'list',
      `${list.toRead === null ? '' : `to be read now: ${list.toRead}; `}next read ${list.nextReadAt ?? 'with the next cycle'}`,
    ],
  ]);
}

/** An object whose deletion is held is still synchronized, but has a reason against it. */
export const synchronizedText = ({
  synchronized,
  scopeReason,
}: Pick<ConnectGroupStatus, 'synchronized' | 'scopeReason'>): string => {
  if (!synchronized) return `no: ${scopeReason}`;
  return scopeReason === null ? 'yes' : `yes, until you let it go: ${scopeReason}`;
};
