import type { DomainHeldList } from '@causeway/contract';
import { CausewayError, confirm, describeHeld, example, HELD_WORDS, printResult } from '@causeway/service';
import type { Command as Program } from 'commander';
import { loadDomainConfiguration } from '../configuration.ts';
import { askOrDo } from './at-hand.ts';
import { type ForestFlags, forestOption } from './command-options.ts';

type Operation = DomainHeldList['operation'];

/** `causeway domain deletions`, `allow-deletes` and the same for new users. */
export function heldCommands(command: (name: string, description: string) => Program): void {
  for (const operation of ['delete', 'create'] as const) {
    const { show, showSays, allow, allowSays } = HELD_WORDS[operation];
    forestOption(command(show, showSays), 'only this forest')
      .addHelpText('after', example(`causeway domain ${show}`))
      .action((flags: ForestFlags) => showHeld(operation, flags));
    command(allow, allowSays)
      .argument('<digest>', `as 'causeway domain ${show}' shows it`)
      .option('--yes', 'do not ask')
      .addHelpText('after', example(`causeway domain ${allow} DIGEST`))
      .action((digest: string, flags: ForestFlags & { yes?: boolean }) =>
        allowHeld(operation, digest, flags),
      );
  }
}

async function showHeld(operation: Operation, { forest, ...flags }: ForestFlags): Promise<void> {
  const query = { operation, forest };
  const { lists } = await askOrDo(loadDomainConfiguration(flags), 'listHeld', { query });
  const { none, allow } = HELD_WORDS[operation];
  printResult(flags.json, { lists }, () =>
    lists.length === 0
      ? [none]
      : lists.flatMap(list => [
          ...describeList(list),
          `to let them go:  causeway domain ${allow} ${list.digest}`,
          '',
        ]),
  );
}

async function allowHeld(
  operation: Operation,
  digest: string,
  flags: ForestFlags & { yes?: boolean },
): Promise<void> {
  const { show, question, what } = HELD_WORDS[operation];
  if (!/^[0-9a-f]{32}$/.test(digest)) {
    const text = `the digest of a list expected, got '${digest}'\nTo see the lists with their digests:\n  causeway domain ${show}`;
    throw new CausewayError('approve-by-list', text);
  }
  const configuration = loadDomainConfiguration(flags);
  const params = { digest };
  const shown = await askOrDo(configuration, 'getHeld', { params });
  await confirm(describeList(shown), question, flags.yes);
  const approved = await askOrDo(configuration, 'approveHeld', { params, body: { operation } });
  printResult(flags.json, approved, () => [`${approved.count} ${what} are approved`]);
}

function describeList(list: DomainHeldList): string[] {
  const { forest, people } = list;
  const rows = people.map(({ user, name, canSignIn }) => [user, canSignIn ? 'can still sign in' : '', name]);
  return describeHeld(list, { scope: forest, where: 'the managed domain', rows });
}
