import type { OnPremisesDomain, OnPremisesSids } from '@causeway/contract';
import { example, table } from '@causeway/service';
import type { Command as Program } from 'commander';
import { isUndecided } from '../admin/sid-commands.ts';
import { describePerson } from '../person.ts';
import { look, perform } from './at-hand.ts';
import { type CommandFlags, subcommand } from './command-options.ts';

/** `causeway domain sids …`. */
export function sidCommands(domain: Program): void {
  const sids = domain
    .command('sids')
    .description(
      'on-premises SIDs of people and groups, by which people open what was lifted from the old domain',
    );
  const command = (text: string, description: string, isDefault = false) =>
    subcommand(sids, text, description, isDefault);
  command('list', 'list the domains whose SIDs users and groups have, and which of them are confirmed', true)
    .addHelpText('after', example('causeway domain sids list'))
    .action((flags: CommandFlags) => look(flags, 'listSids', {}, sidLines));
  command('confirm', "confirm that a domain's SID is a forest's, as 'causeway connect repin' shows it")
    .argument('<sid>', "the domain's SID, without a RID")
    .requiredOption('--forest <name>', 'DNS name of the forest')
    .addHelpText(
      'after',
      example(
        'causeway domain sids confirm S-1-5-21-1004336348-1177238915-682003330 --forest corp.example.com',
      ),
    )
    .action((sid: string, { forest, ...flags }: CommandFlags & { forest: string }) =>
      perform(flags, 'confirmSid', { sid, forest }),
    );
  command('unconfirm', 'take that back, or say that it is not: nobody has its SIDs here any more')
    .argument('<sid>', "the domain's SID, without a RID")
    .addHelpText('after', example('causeway domain sids unconfirm S-1-5-21-1004336348-1177238915-682003330'))
    .action((sid: string, flags: CommandFlags) => perform(flags, 'unconfirmSid', { sid }));
}

function sidLines(sids: OnPremisesSids): string[] {
  if (sids.setting === 'none') return ["nobody has an on-premises SID here: 'onPremisesSids' is 'none'"];
  return [
    ...sharedLines(sids),
    '',
    ...table([
      ['domain', 'forest', 'people', 'groups', 'confirmed'],
      ...sids.domains.map(one => [
        ...[one.sid, one.forest, String(one.people), String(one.groups ?? 0), answerText(one)],
      ]),
    ]),
    ...tokenLines(sids),
  ];
}

/** How many have their on-premises SID, one line for each kind. */
function sharedLines({ setting, written, waiting, groups }: OnPremisesSids): string[] {
  const people =
    setting === 'groups'
      ? `${written} people have their on-premises SID here: 'onPremisesSids' is 'groups'`
      : `${written} people have their on-premises SID here, ${waiting} wait`;
  const ofGroups = groups ?? { written: 0, waiting: 0 };
  return [people, `${ofGroups.written} groups have their on-premises SID here, ${ofGroups.waiting} wait`];
}

/** Users whom Windows may refuse because of too many SIDs. */
export function tokenLines({ fullTokens }: OnPremisesSids): string[] {
  if (fullTokens === undefined || fullTokens.count === 0) return [];
  const { above, at, count, people } = fullTokens;
  const more = count - people.length;
  return [
    '',
    `WARNING: ${count} people were in more than ${above} groups with on-premises SIDs at ${at}; Windows refuses more than 1,024 SIDs, two for each group`,
    ...people.map(one => `${describePerson(one.user, one)} is in ${one.groups}`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function answerText(one: OnPremisesDomain): string {
  if (isUndecided(one)) return `NO: causeway domain sids confirm ${one.sid} --forest ${one.forest}`;
  return one.confirmedAt ?? `no, said at ${one.declinedAt}`;
}
