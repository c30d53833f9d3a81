import { CausewayError, callLocally, confirm, printResult, table } from '@causeway/service';
import type { Command as Program } from 'commander';
import { running, withLedger } from './at-hand.ts';
import { type ConfigurationFlags, loadDomainConfiguration } from './configuration.ts';
import { approveHeld, getHeld, HELD_WORDS, type HeldList, listHeld } from './held.ts';
import type { Ledger } from './ledger.ts';

type Operation = HeldList['operation'];

interface Flags extends ConfigurationFlags {
  json?: boolean;
}

const WORDS = {
  delete: {
    showSays: 'show whose deletion waits for you, with the digest that stands for the list',
    allowSays: 'let those deletions of a shown list go that still hold, and no others',
    none: 'no deletion waits',
    what: 'would be deleted in the managed domain',
    question: 'Delete them?',
    done: 'deletions are approved',
  },
  create: {
    showSays: 'show the new users that wait for you, with the digest that stands for the list',
    allowSays: 'let those new users of a shown list go that still hold, and no others',
    none: 'no new user waits',
    what: 'would be made in the managed domain',
    question: 'Make them?',
    done: 'new users are approved',
  },
} as const;

/** `causeway domain deletions`, `allow-deletes` and the same for new users. */
export function heldCommands(command: (name: string, description: string) => Program): void {
  for (const operation of ['delete', 'create'] as const) {
    const { show, allow } = HELD_WORDS[operation];
    const words = WORDS[operation];
    command(show, words.showSays)
      .option('--forest <name>', 'one forest alone')
      .action((flags: Flags & { forest?: string }) => showHeld(operation, flags));
    command(allow, words.allowSays)
      .argument('<digest>', `as 'causeway domain ${show}' shows it`)
      .option('--yes', 'do not ask')
      .action((digest: string, flags: Flags & { yes?: boolean }) => allowHeld(operation, digest, flags));
  }
}

async function showHeld(operation: Operation, flags: Flags & { forest?: string }): Promise<void> {
  const { forest } = flags;
  const query = new URLSearchParams({ operation, ...(forest !== undefined && { forest }) });
  const { lists } = await asked(flags, 'GET', `/held?${query}`, ledger => ({
    lists: listHeld(ledger, operation, forest),
  }));
  const { none } = WORDS[operation];
  printResult(flags.json, { lists }, () =>
    lists.length === 0
      ? [none]
      : lists.flatMap(list => [
          ...describeList(list),
          `to let them go:  causeway domain ${HELD_WORDS[operation].allow} ${list.digest}`,
          '',
        ]),
  );
}

async function allowHeld(
  operation: Operation,
  digest: string,
  flags: Flags & { yes?: boolean },
): Promise<void> {
  const { show, allow } = HELD_WORDS[operation];
  if (!/^[0-9a-f]{32}$/.test(digest)) {
    const text = `the digest of a list expected, got '${digest}': see who waits by 'causeway domain ${show}', then run 'causeway domain ${allow} DIGEST'`;
    throw new CausewayError('approve-by-list', text);
  }
  const { question, done } = WORDS[operation];
  const shown = await asked(flags, 'GET', `/held/${digest}`, ledger => getHeld(ledger, digest));
  await confirm(describeList(shown), question, flags.yes);
  const approved = await asked(
    flags,
    'POST',
    `/held/${digest}`,
    ledger => approveHeld(ledger, digest, operation),
    { operation },
  );
  printResult(flags.json, approved, () => [`${approved.count} ${done}`]);
}

/** Asks the running service; where none runs, does it on the ledger. */
async function asked<T>(
  flags: Flags,
  method: 'GET' | 'POST',
  path: string,
  work: (ledger: Ledger) => T,
  body?: unknown,
): Promise<T> {
  const configuration = loadDomainConfiguration(flags);
  const { stateDirectory } = configuration;
  const live = await running(() => callLocally(stateDirectory, 'domain', method, path, body));
  return (live as T | undefined) ?? withLedger(configuration, async ({ ledger }) => work(ledger));
}

function describeList(list: HeldList): string[] {
  const { forest, operation, count, since, ceased, people } = list;
  const rows = people.map(({ user, name, canSignIn }) => [user, canSignIn ? 'can still sign in' : '', name]);
  return [
    `${forest}: ${count} ${WORDS[operation].what} (waiting since ${since})`,
    ...table(rows).map(line => `  ${line}`),
    ...(count > people.length ? [`  and ${count - people.length} more`] : []),
    ...(ceased > 0 ? [`  ${ceased} of the list do not hold any more and are left out`] : []),
  ];
}
