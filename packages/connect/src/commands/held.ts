import type { HeldList } from '@causeway/contract';
import { confirm, describeHeld, example, HELD_WORDS, printResult } from '@causeway/service';
import type { Command } from 'commander';
import { refuseNumber } from '../admin/held/held.ts';
import { askOrDo, type CommonOptions } from './at-hand.ts';

type Operation = HeldList['operation'];

/** `causeway connect deletions`, `allow-deletes` and the same for new users. */
export function heldCommands(command: (name: string, description: string) => Command): void {
  for (const operation of ['delete', 'create'] as const) {
    const words = HELD_WORDS[operation];
    command(words.show, words.showSays)
      .option('--connector <name>', 'one connector alone; case counts')
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
  const { question, what } = HELD_WORDS[operation];
  if (operation === 'delete' && /^\d{1,9}$/.test(digest)) refuseNumber();
  const shown = (await askOrDo(options, 'getHeld', { params: { digest } })).result;
  await confirm(describeList(shown), question, options.yes);
  const { result } = await askOrDo(options, 'approveHeld', { params: { digest }, body: { operation } });
  printResult(options.json, result, () => [`${result.count} ${what} go with the next cycle`]);
}

function describeList(list: HeldList): string[] {
  const { connector, people } = list;
  const rows = people.map(({ user, distinguishedName, canSignIn, reason }) => [
    user,
    canSignIn ? 'can still sign in' : '',
    distinguishedName,
    ...(reason === undefined ? [] : [reason]),
  ]);
  const where = 'the tenant and in the managed domain';
  const lines = describeHeld(list, { scope: connector, where, rows });
  return [...lines, ...(list.kind === undefined ? [] : EXPLAINED[list.kind])];
}

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
};
