import type { OnPremisesDomain, OnPremisesSids } from '@causeway/contract';
import { table } from '@causeway/service';
import type { Command as Program } from 'commander';
import { isUndecided } from '../admin/sid-commands.ts';
import { look, perform } from './at-hand.ts';
import { type CommandFlags, subcommand } from './command-options.ts';

/** `causeway domain sids …`. */
export function sidCommands(domain: Program): void {
  const sids = domain
    .command('sids')
    .description('on-premises SIDs, by which people open what was lifted from the old domain');
  const command = (text: string, description: string, isDefault = false) =>
    subcommand(sids, text, description, isDefault);
  command('list', 'the domains whose SIDs people have, and which of them are confirmed', true).action(
    (flags: CommandFlags) => look(flags, 'listSids', {}, sidLines),
  );
  command('confirm', "confirm that a domain's SID is a forest's, as 'causeway connect repin' shows it")
    .argument('<sid>', "the domain's SID, without a RID")
    .requiredOption('--forest <name>', 'DNS name of the forest')
    .action((sid: string, { forest, ...flags }: CommandFlags & { forest: string }) =>
      perform(flags, 'confirmSid', { sid, forest }),
    );
  command('unconfirm', 'take that back, or say that it is not: nobody has its SIDs here any more')
    .argument('<sid>', "the domain's SID, without a RID")
    .action((sid: string, flags: CommandFlags) => perform(flags, 'unconfirmSid', { sid }));
}

function sidLines({ setting, written, waiting, domains }: OnPremisesSids): string[] {
  if (setting === 'none') return ["nobody has an on-premises SID here: 'onPremisesSids' is 'none'"];
  return [
    `${written} people have their on-premises SID here, ${waiting} wait`,
    '',
    ...table([
      ['domain', 'forest', 'people', 'confirmed'],
      ...domains.map(one => [one.sid, one.forest, String(one.people), answerText(one)]),
    ]),
  ];
}

function answerText(one: OnPremisesDomain): string {
  if (isUndecided(one)) return `NO: causeway domain sids confirm ${one.sid} --forest ${one.forest}`;
  return one.confirmedAt ?? `no, said at ${one.declinedAt}`;
}
