import { call, type Send } from '@causeway/api';
import { type GroupMember, type GroupStatus, groupRoutes } from '@causeway/contract';
import { example, printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

const GROUP = 'id, or display name if only one group has it';
const OWN = `a group of the tenant's own: ${GROUP}`;
const USER = 'id, userPrincipalName or source anchor';

/** `causeway tenant groups …`. */
export function groupCommands(tenant: Command): void {
  const groups = tenant
    .command('groups')
    .description("groups: synchronized ones, which are changed in their forest, and the tenant's own");
  readingCommands(groups);
  ownGroupCommands(groups);
  memberCommands(groups);
}

function readingCommands(groups: Command): void {
  remoteOptions(groups.command('list', { isDefault: true }))
    .description('list the groups')
    .option('--search <text>', 'only groups with this text in a name or in the mail address')
    .addHelpText('after', example('causeway tenant groups list --search Sales'))
    .action(async options => {
      const send = remoteSend(options);
      const all = await everyGroup(after =>
        call(send, groupRoutes.listGroups, {
          query: { ...after, ...(options.search && { search: options.search }) },
        }),
      );
      printResult(options.json, all, () => groupTable(all));
    });
  remoteOptions(groups.command('show'))
    .description('show a group')
    .argument('<group>', GROUP)
    .addHelpText('after', example('causeway tenant groups show Sales'))
    .action(async (group, options) => {
      const shown = await call(remoteSend(options), groupRoutes.getGroup, { params: { group } });
      printResult(options.json, shown, () => groupLines(shown));
    });
  remoteOptions(groups.command('members'))
    .description('list who is in a group')
    .argument('<group>', GROUP)
    .option('--nested', 'also members of the groups in it; for a security group, of security groups only')
    .addHelpText('after', example('causeway tenant groups members Sales --nested'))
    .action(async (group, options) => {
      const members = await everyMember(remoteSend(options), group, options.nested === true);
      printResult(options.json, members, () =>
        table([
          ['ID', 'KIND', 'MEMBER'],
          ...members.groups.map(one => [one.id, 'group', nameOf(one)]),
          ...members.people.map(one => [one.id, 'user', one.userPrincipalName]),
          ...members.unresolved.map(one => ['-', 'nobody here', one]),
        ]),
      );
    });
  remoteOptions(groups.command('of-user'))
    .description('list the groups that a user is in')
    .argument('<user>', USER)
    .option('--nested', 'also groups that contain those groups')
    .option('--security', 'only security groups, and none by way of a distribution group')
    .addHelpText(
      'after',
      example('causeway tenant groups of-user alice@corp.example.com --nested --security'),
    )
    .action(async (id, options) => {
      const send = remoteSend(options);
      const depth = options.nested ? ('nested' as const) : ('direct' as const);
      const query = { depth, ...(options.security && { only: 'security' as const }) };
      const all = await everyGroup(after =>
        call(send, groupRoutes.listGroupsOfUser, { params: { id }, query: { ...query, ...after } }),
      );
      printResult(options.json, all, () => groupTable(all));
    });
}

function ownGroupCommands(groups: Command): void {
  remoteOptions(groups.command('create'))
    .description("create a security group of the tenant's own")
    .argument('<name>', 'its display name, which no other group of the tenant’s own has')
    .addHelpText('after', example("causeway tenant groups create 'Wiki editors'"))
    .action(async (displayName, options) => {
      const made = await call(remoteSend(options), groupRoutes.createGroup, { body: { displayName } });
      printResult(options.json, made, () => [`group '${nameOf(made)}' is made: ${made.id}`]);
    });
  remoteOptions(groups.command('rename'))
    .description("rename a group of the tenant's own")
    .argument('<group>', OWN)
    .argument('<name>', 'its new display name')
    .addHelpText('after', example("causeway tenant groups rename 'Wiki editors' 'Wiki authors'"))
    .action(async (group, displayName, options) => {
      const asked = { params: { group }, body: { displayName } };
      const renamed = await call(remoteSend(options), groupRoutes.renameGroup, asked);
      printResult(options.json, renamed, () => [`group ${renamed.id} is called '${nameOf(renamed)}'`]);
    });
  remoteOptions(groups.command('delete'))
    .description(
      "delete a group of the tenant's own for good: an application for its members is then for nobody",
    )
    .argument('<group>', OWN)
    .addHelpText('after', example("causeway tenant groups delete 'Wiki authors'"))
    .action(async (group, options) => {
      const gone = await call(remoteSend(options), groupRoutes.deleteGroup, { params: { group } });
      printResult(options.json, gone, () => [`group '${nameOf(gone)}' is deleted`]);
    });
}

function memberCommands(groups: Command): void {
  const MEMBER = `with --group ${GROUP}; else of a user ${USER}`;
  remoteOptions(groups.command('add'))
    .description("add a user, or a group of the tenant's own, to a group of the tenant's own")
    .argument('<group>', OWN)
    .argument('<member>', MEMBER)
    .option('--group', 'the member is a group')
    .addHelpText('after', example("causeway tenant groups add 'Wiki editors' bob@contoso.example"))
    .action(async (group, member, options) => {
      const send = remoteSend(options);
      const added = options.group
        ? await call(send, groupRoutes.nestGroup, { params: { group }, body: { group: member } })
        : await call(send, groupRoutes.addGroupMember, { params: { group }, body: { user: member } });
      const name = 'displayName' in added ? nameOf(added) : added.userPrincipalName;
      printResult(options.json, added, () => [`${name} is a member of '${group}'`]);
    });
  remoteOptions(groups.command('remove'))
    .description("remove a user or a group from a group of the tenant's own")
    .argument('<group>', OWN)
    .argument('<member>', MEMBER)
    .option('--group', 'the member is a group')
    .addHelpText('after', example("causeway tenant groups remove 'Wiki editors' bob@contoso.example"))
    .action(async (group, member, options) => {
      const send = remoteSend(options);
      if (options.group) await call(send, groupRoutes.unnestGroup, { params: { group, member } });
      else await call(send, groupRoutes.removeGroupMember, { params: { group, user: member } });
      printResult(options.json, { group, removed: member }, () => [
        `${member} is no member of '${group}' any more`,
      ]);
    });
}

type PageOfGroups = { groups: GroupStatus[]; more: boolean };

async function everyGroup(
  read: (after: { after?: string }) => Promise<PageOfGroups>,
): Promise<GroupStatus[]> {
  const all: GroupStatus[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await read(last === undefined ? {} : { after: last.id });
    all.push(...page.groups);
    if (!page.more) return all;
  }
}

/** Lists a member once, even if it is on several pages. */
async function everyMember(send: Send, group: string, nested: boolean) {
  const people = new Map<string, GroupMember>();
  const groups = new Map<string, GroupStatus>();
  const unresolved = new Set<string>();
  for (let after: string | undefined; ; ) {
    const query = {
      depth: nested ? ('nested' as const) : ('direct' as const),
      ...(after !== undefined && { after }),
    };
    const page = await call(send, groupRoutes.listGroupMembers, { params: { group }, query });
    for (const one of page.members) people.set(one.id, one);
    for (const one of page.groups ?? []) groups.set(one.id, one);
    for (const one of page.unresolved ?? []) unresolved.add(one);
    after = page.next;
    if (after === undefined) break;
  }
  return {
    groups: [...groups.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b))),
    people: [...people.values()].sort((a, b) => a.userPrincipalName.localeCompare(b.userPrincipalName)),
    unresolved: [...unresolved].sort(),
  };
}

const nameOf = ({ displayName, onPremisesSamAccountName, id }: GroupStatus): string =>
  displayName ?? onPremisesSamAccountName ?? id;

const kindOf = ({ securityEnabled }: GroupStatus): string => (securityEnabled ? 'security' : 'distribution');
const originOf = ({ forest }: GroupStatus): string => forest ?? "tenant's own";

const groupTable = (groups: readonly GroupStatus[]): string[] =>
  table([
    ['ID', 'GROUP', 'ORIGIN', 'KIND', 'ACCOUNT NAME', 'MANAGED DOMAIN'],
    ...groups.map(one => [
      ...[one.id, nameOf(one), originOf(one), kindOf(one), one.onPremisesSamAccountName ?? '-'],
      inDomain(one),
    ]),
  ]);

/** What is wrong, in a word or two: with the group first, then with its members. */
function inDomain({ managedDomain }: GroupStatus): string {
  if (!managedDomain) return '-';
  const { group, members } = managedDomain;
  if (group && group.outcome !== 'applied') return group.outcome;
  if (members && members.outcome !== 'applied') return `members ${members.outcome}`;
  return group?.outcome ?? '-';
}

function reportedLine(reported: NonNullable<GroupStatus['managedDomain']>['group'] | undefined): string {
  if (!reported) return 'nothing reported yet';
  return [reported.outcome, reported.reportedAt, reported.reason].filter(Boolean).join(', ');
}

function groupLines(group: GroupStatus): string[] {
  const readOnly = group.forest === null ? '' : `, ${group.sourceAnchor}: change it there`;
  return table([
    ['group', nameOf(group)],
    ['id', group.id],
    ['origin', `${originOf(group)}${readOnly}`],
    ['kind', [kindOf(group), group.scope && `${group.scope} on-premises`].filter(Boolean).join(', ')],
    ['account name', group.onPremisesSamAccountName ?? '-'],
    ['mail', group.mail ?? '-'],
    ['on-premises SID', group.onPremisesSecurityIdentifier ?? '-'],
    ...(group.managedDomain
      ? [
          ['managed domain', reportedLine(group.managedDomain.group)],
          ['members there', reportedLine(group.managedDomain.members)],
        ]
      : []),
  ]);
}
