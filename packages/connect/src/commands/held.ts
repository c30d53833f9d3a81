import type { HeldList } from '@causeway/contract';
import { confirm, printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { refuseNumber } from '../admin/held.ts';
import { askOrDo, type CommonOptions } from './at-hand.ts';

type Operation = HeldList['operation'];

const WORDS = {
  delete: {
    show: 'deletions',
    allow: 'allow-deletes',
    showSays: 'show whose deletion waits for you, with the digest that stands for the list',
    allowSays: 'let those deletions of a shown list go that still hold, and no others',
    none: 'no deletion waits',
    what: 'would be deleted in the tenant and in the managed domain',
    question: 'Delete them?',
    done: 'deletions go with the next cycle',
  },
  create: {
    show: 'creations',
    allow: 'allow-creations',
    showSays: 'show the new users that wait for you, with the digest that stands for the list',
    allowSays: 'let those new users of a shown list go that still hold, and no others',
    none: 'no new user waits',
    what: 'would be made in the tenant and in the managed domain',
    question: 'Make them?',
    done: 'new users go with the next cycle',
  },
} as const;

/** `causeway connect deletions`, `allow-deletes` and the same for new users. */
export function heldCommands(command: (name: string, description: string) => Command): void {
  for (const operation of ['delete', 'create'] as const) {
    const words = WORDS[operation];
    command(words.show, words.showSays)
      .option('--connector <name>', 'one connector alone; case counts')
      .action((options: CommonOptions & { connector?: string }) => showHeld(operation, options));
    command(words.allow, words.allowSays)
      .argument('<digest>', `as 'causeway connect ${words.show}' shows it`)
      .option('--yes', 'do not ask')
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
  const { none, allow } = WORDS[operation];
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
  const { question, done } = WORDS[operation];
  if (operation === 'delete' && /^\d{1,9}$/.test(digest)) refuseNumber();
  const shown = (await askOrDo(options, 'getHeld', { params: { digest } })).result;
  await confirm(describeList(shown), question, options.yes);
  const { result } = await askOrDo(options, 'approveHeld', { params: { digest }, body: { operation } });
  printResult(options.json, result, () => [`${result.count} ${done}`]);
}

function describeList(list: HeldList): string[] {
  const { connector, operation, count, since, ceased, people } = list;
  const rows = people.map(({ user, distinguishedName, canSignIn }) => [
    user,
    canSignIn ? 'can still sign in' : '',
    distinguishedName,
  ]);
  return [
    `${connector}: ${count} ${WORDS[operation].what} (waiting since ${since})`,
    ...table(rows).map(line => `  ${line}`),
    ...(count > people.length ? [`  and ${count - people.length} more`] : []),
    ...(ceased > 0 ? [`  ${ceased} of the list do not hold any more and are left out`] : []),
  ];
}
