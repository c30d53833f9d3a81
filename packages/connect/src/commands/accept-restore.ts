import type { RestoreState } from '@causeway/contract';
import { confirm, printResult } from '@causeway/service';
import { askOrDo, type CommonOptions } from './at-hand.ts';

interface Options extends CommonOptions {
  connector: string;
  yes?: boolean;
}

/** Shows which older state of a restored forest would count again, asks, and accepts it. */
export async function acceptRestore(options: Options): Promise<void> {
  const { connector: name } = options;
  const { restore } = (await askOrDo(options, 'getRestore', { params: { name } })).result;
  if (restore === null) {
    printResult(options.json, { connector: name, accepted: false }, () => [
      `nothing of '${name}' waits for a restored forest: there is nothing to accept`,
    ]);
    return;
  }
  await confirm(describeAcceptance(restore), `Was the whole forest ${restore.forest} restored?`, options.yes);
  const { server } = restore;
  const { result } = await askOrDo(options, 'acceptRestore', { params: { name }, body: { server } });
  printResult(options.json, { ...result, accepted: true }, () => [
    `${restore.forest} counts as it was restored (epoch ${result.epoch}): everything is read again, and everybody's password is sent`,
  ]);
}

/** Describes what waits, one line each. */
export function describeRestore(restore: RestoreState): string[] {
  const { connector, server, since, reason, olderPasswords, openings } = restore;
  return [
    ...(since === null ? [] : [`${server} was restored or replaced, noticed at ${since}: ${reason}`]),
    `${olderPasswords} passwords are older there than in the tenant, and ${openings} people would be opened or made again: they wait`,
    `if the whole forest was restored: causeway connect accept-restore --connector '${connector}'`,
  ];
}

function describeAcceptance(restore: RestoreState): string[] {
  const { server, since, reason, olderPasswords, older, openings, opening, complete } = restore;
  const some = (names: readonly string[], all: number): string[] => [
    ...names.map(name => `  ${name}`),
    ...(all > names.length ? [`  and ${all - names.length} more`] : []),
  ];
  return [
    since === null
      ? `${server} was not found restored, but the tenant has newer passwords: it was restored before Connect read it, or Connect lost what it knew of a restore.`
      : `${server} was restored or replaced, noticed at ${since}: ${reason}`,
    ...(complete ? [] : ['Not everything is read yet: there may be more than this.']),
    `${olderPasswords} people have an older password there than in the tenant. They would sign in with the older one:`,
    ...some(older, olderPasswords),
    `${openings} people were disabled, deleted or otherwise closed since the backup. They could sign in again:`,
    ...some(opening, openings),
    'Accept this only if the WHOLE forest was restored from a backup. If one of several domain controllers was restored, do not:',
    'it gets from the others what it lacks, and then nothing of this waits any more.',
    'After that every password of the forest is sent once more. Disable or delete again whom the restore brought back.',
  ];
}
