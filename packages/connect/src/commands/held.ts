import type { HeldList } from '@causeway/contract';
import { confirm, describeHeld, example, HELD_WORDS, printResult } from '@causeway/service';
import type { Command } from 'commander';
import { refuseNumber } from '../admin/held/held.ts';
import { askOrDo, type CommonOptions } from './at-hand.ts';
import { renameText } from './rename-text.ts';

type Operation = HeldList['operation'];

/** `causeway connect deletions`, `allow-deletes`, and their counterparts for new users and new names. */
export function heldCommands(command: (name: string, description: string) => Command): void {
  for (const operation of ['delete', 'create', 'rename'] as const) {
    const words = HELD_WORDS[operation];
    command(words.show, words.showSays)
      .option('--connector <name>', 'only this connector; case counts')
      .addHelpText('after', example(`causeway connect ${words.show}`))
      .action((options: CommonOptions & { connector?: string }) => showHeld(operation, options));
    command(words.allow, words.allowSays)
      .argument('<digest>', `as 'causeway connect ${words.show}' shows it`)
      .option('--yes', 'do not ask')
      .addHelpText('after', example(`causeway connect ${words.allow} DIGEST`))
      .action((digest: string, options: CommonOptions & { yes?: boolean }) =>
        allowHeld(operation, digest, options),
      );
  }
}

async function showHeld(
  operation: Operation,
  options: CommonOptions & { connector?: string },
): Promise<void> {
  const { connector } = options;
  const query = { operation, ...(connector !== undefined && { connector }) };
  const { lists } = (await askOrDo(options, 'listHeld', { query })).result;
  const { none, allow } = HELD_WORDS[operation];
  printResult(options.json, { lists }, () =>
    lists.length === 0
      ? [none]
      : lists.flatMap(list => [
          ...describeList(list),
          `to let them go:  causeway connect ${allow} ${list.digest}`,
          '',
        ]),
  );
}

async function allowHeld(
  operation: Operation,
  digest: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  if (operation === 'delete' && /^\d{1,9}$/.test(digest)) refuseNumber();
  const shown = (await askOrDo(options, 'getHeld', { params: { digest } })).result;
  const { question, what } = isOfPasswords(shown) ? OF_PASSWORDS : HELD_WORDS[operation];
  await confirm(describeList(shown), question, options.yes);
  const { result } = await askOrDo(options, 'approveHeld', { params: { digest }, body: { operation } });
  printResult(options.json, result, () => [`${result.count} ${what} go with the next cycle`]);
}

function describeList(list: HeldList): string[] {
  const { connector, people } = list;
  const rows = people.map(
    ({ user, distinguishedName, canSignIn, rename, reason = rename && renameText(rename) }) => [
      user,
      canSignIn ? 'can still sign in' : '',
      distinguishedName,
      ...(reason === undefined ? [] : [reason]),
    ],
  );
  const where = list.operation === 'rename' ? 'the managed domain' : 'the tenant and in the managed domain';
  const { would } = isOfPasswords(list) ? OF_PASSWORDS : HELD_WORDS[list.operation];
  const lines = describeHeld(list, { scope: connector, would, where, rows });
  return [...lines, ...(list.kind === undefined ? [] : EXPLAINED[list.kind])];
}

const OF_PASSWORDS = {
  would: 'would have their passwords withdrawn',
  question: 'Withdraw them?',
  what: 'withdrawals',
};
const isOfPasswords = ({ kind }: HeldList): boolean => kind === 'password' || kind === 'leaver-password';

const EXPLAINED: Readonly<Record<NonNullable<HeldList['kind']>, readonly string[]>> = {
  stranger: [
    '  They were found in the tenant or in the managed domain, and they are not in the directory: the directory lost them together with',
    '  its deleted objects, Connect lost that they were deleted, or somebody else made them.',
  ],
  group: ['  They are groups: who has rights by them loses those.'],
  'stranger-group': [
    '  They are groups that were found in the tenant or in the managed domain, and they are not in the directory: the directory lost them',
    '  together with its deleted objects, Connect lost that they were deleted, or somebody else made them.',
  ],
  member: [
    '  They are members of the groups beside them, and would be taken out of those alone. The lists of the groups do not show them any',
    "  more, and the directory did not say that they left. See first that the connector's account may read the attribute member.",
  ],
  leaver: [
    '  They are in the directory, and leave only because the rules changed by which is decided who is synchronized. Until you let them go',
    '  they stay as they are: their changes and their passwords go on.',
  ],
  'leaver-group': [
    '  They are groups that are in the directory, and leave only because the rules changed by which is decided what is synchronized. Until',
    '  you let them go they stay as they are, with their members.',
  ],
  password: [
    '  They stay, and were changed in the directory so that their passwords are not to be synchronized: more of them within 24 hours than may',
    '  be by themselves. Until you let them go their passwords stay, and go on.',
  ],
  'leaver-password': [
    '  They stay, and only because the rules changed their passwords are not to be synchronized any more. Until you let them go their passwords',
    '  stay, and go on.',
  ],
};
