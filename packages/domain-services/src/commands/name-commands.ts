import type { DomainNameClaims, NameList } from '@causeway/contract';
import { example, table } from '@causeway/service';
import type { Command as Program } from 'commander';
import { look, perform } from './at-hand.ts';
import {
  type CommandFlags,
  type ForestFlags,
  forestOption,
  OF_SEVERAL,
  subcommand,
} from './command-options.ts';

/** `causeway domain name …`. */
export function nameCommands(domain: Program): void {
  const name = domain
    .command('name')
    .description('names that accounts of the managed domain have, want or had');
  const command = (text: string, description: string) => subcommand(name, text, description);
  const argument = 'account name or userPrincipalName';
  command('list', 'list accounts whose name differs from what their forest says, and reserved names')
    .addHelpText('after', example('causeway domain name list'))
    .action((flags: CommandFlags) => look(flags, 'listNames', {}, nameLines));
  command('show', 'show who has a name, whose it is, and who wants it')
    .argument('<name>', argument)
    .addHelpText('after', example('causeway domain name show alice'))
    .action((text: string, flags: CommandFlags) =>
      look(flags, 'getName', { params: { name: text } }, claimLines),
    );
  command('free', 'free a reserved name for whoever wants it')
    .argument('<name>', argument)
    .addHelpText('after', example('causeway domain name free alice'))
    .action((text: string, flags: CommandFlags) => perform(flags, 'freeName', { name: text }));
  forestOption(command('give', 'give a name to a user or group of another forest that wants it'), OF_SEVERAL)
    .argument('<name>', argument)
    .argument('<user>', 'source anchor or name of the user or group that gets it')
    .option('--yes', 'do it: without this, the command only says what would change')
    .addHelpText(
      'after',
      '\nWithout --yes it only shows who has the name and who would get it. A group takes the name within a minute.',
    )
    .addHelpText(
      'after',
      example(
        'causeway domain name give alice alice@fabrikam.example.org',
        'causeway domain name give alice alice@fabrikam.example.org --yes',
      ),
    )
    .action((text: string, user: string, { forest, yes, ...flags }: ForestFlags & { yes?: boolean }) =>
      perform(flags, 'giveName', { name: text, user, forest, confirmed: yes === true }),
    );
}

function nameLines({ differing, reserved }: NameList): string[] {
  return [
    ...table([
      ['source anchor', 'forest', 'name here', 'on-premises', 'userPrincipalName here', 'on-premises'],
      ...differing.map(one => [
        ...[one.anchor, one.forest, one.samAccountName ?? '-', one.wantedName ?? '-'],
        ...[one.userPrincipalName ?? '-', one.wantedPrincipal ?? '-'],
      ]),
    ]),
    '',
    ...table([
      ['reserved name', 'for', 'until'],
      ...reserved.map(({ name, forest, until }) => [name, forest, until]),
    ]),
  ];
}

function claimLines(claims: DomainNameClaims): string[] {
  const { name, owner, reservedUntil, holders, group, waiting, groupsWaiting = [] } = claims;
  const groupOf = ({ anchor, forest }: { anchor: string; forest: string }) =>
    `${anchor} (a group of ${forest})`;
  const list = (accounts: DomainNameClaims['holders'], groups: { anchor: string; forest: string }[] = []) =>
    [...accounts.map(({ anchor, forest }) => `${anchor} (${forest})`), ...groups.map(groupOf)].join(', ') ||
    'nobody';
  const whose = reservedUntil === null ? owner : `${owner}, for which it is reserved until ${reservedUntil}`;
  return table([
    ['name', name],
    ['has it', list(holders, group ? [group] : [])],
    ['belongs to', whose ?? 'no forest'],
    ['want it', list(waiting, groupsWaiting)],
  ]);
}
