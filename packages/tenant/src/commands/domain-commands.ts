import { call } from '@causeway/api';
import { groupRoutes, managedDomainRoutes } from '@causeway/contract';
import { example, printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

/** `causeway tenant group …`, and what an administrator of the managed domain does at the tenant. */
export function domainCommands(tenant: Command): void {
  const group = tenant.command('group').description("groups, 'AAD DC Administrators' above all");
  remoteOptions(group.command('members'))
    .description('list the members of a group')
    .argument('<group>', 'its name')
    .addHelpText('after', example("causeway tenant group members 'AAD DC Administrators'"))
    .action(async (name, options) => {
      const { members } = await call(remoteSend(options), groupRoutes.listGroupMembers, {
        params: { group: name },
      });
      printResult(options.json, members, () =>
        table([['ID', 'USER'], ...members.map(member => [member.id, member.userPrincipalName])]),
      );
    });
  remoteOptions(group.command('add'))
    .description('add a user to a group')
    .argument('<group>', 'its name')
    .argument('<user>', 'id, userPrincipalName or source anchor')
    .addHelpText('after', example("causeway tenant group add 'AAD DC Administrators' admin@contoso.example"))
    .action(async (name, user, options) => {
      const member = await call(remoteSend(options), groupRoutes.addGroupMember, {
        params: { group: name },
        body: { user },
      });
      printResult(options.json, member, () => [`${member.userPrincipalName} is a member of '${name}'`]);
    });
  remoteOptions(group.command('remove'))
    .description('remove a user from a group')
    .argument('<group>', 'its name')
    .argument('<user>', 'id, userPrincipalName or source anchor')
    .addHelpText(
      'after',
      example("causeway tenant group remove 'AAD DC Administrators' admin@contoso.example"),
    )
    .action(async (name, user, options) => {
      await call(remoteSend(options), groupRoutes.removeGroupMember, { params: { group: name, user } });
      printResult(options.json, { group: name, removed: user }, () => [
        `${user} is no member of '${name}' any more`,
      ]);
    });

  remoteOptions(tenant.command('me'))
    .description('show whose token this is, and the groups of that user')
    .addHelpText('after', example('causeway tenant me'))
    .action(async options => {
      const me = await call(remoteSend(options), groupRoutes.getMe);
      printResult(options.json, me, () =>
        table([
          ['user', `${me.userPrincipalName} (${me.id})`],
          ['groups', me.groups.join(', ') || 'none'],
        ]),
      );
    });
  remoteOptions(tenant.command('fingerprint'))
    .description("show the fingerprint of the tenant's own key, which signs cloud-only users")
    .addHelpText('after', example('causeway tenant fingerprint'))
    .action(async options => {
      const { key } = await call(remoteSend(options), managedDomainRoutes.readTenantKey);
      printResult(options.json, key, () => [key.fingerprint]);
    });
  remoteOptions(tenant.command('trust-domain'))
    .description("confirm the managed domain's keys by their fingerprint: the tenant seals to no others")
    .argument('<fingerprint>', "as 'causeway domain fingerprint' shows it")
    .addHelpText('after', "\nOnly members of the group 'AAD DC Administrators' may confirm them.")
    .addHelpText('after', example('causeway tenant trust-domain FINGERPRINT'))
    .action(async (fingerprint, options) => {
      const trusted = await call(remoteSend(options), managedDomainRoutes.trustDomain, {
        body: { fingerprint },
      });
      printResult(options.json, trusted, () => [
        `the keys of the managed domain ${trusted.realm} are trusted: ${trusted.fingerprint}`,
        `cloud-only people's passwords go along when they change; without one there: ${trusted.owed} (causeway tenant users --missing legacy)`,
      ]);
    });
  remoteOptions(tenant.command('withdraw-domain'))
    .description('withdraw the managed domain: the tenant seals no password to it any more')
    .addHelpText('after', example('causeway tenant withdraw-domain'))
    .action(async options => {
      await call(remoteSend(options), managedDomainRoutes.withdrawDomain);
      printResult(options.json, { withdrawn: true }, () => ['the managed domain is withdrawn']);
    });
}
