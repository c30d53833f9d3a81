import type { DirectoryPin } from '@causeway/contract';
import { printResult, table } from '@causeway/service';
import { askOrDo, type CommonOptions } from './at-hand.ts';

/** Shows which directory a connector reads and which its domain controller serves. With `yes`, the connector moves to the latter. */
export async function repinConnector(
  name: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { result: pin } = await askOrDo(options, 'getDirectoryPin', { params: { name } });
  const moves = options.yes === true && !pin.same;
  if (moves) {
    const { domainGuid } = pin.answered;
    await askOrDo(options, 'moveDirectoryPin', { params: { name }, body: { domainGuid } });
  }
  printResult(options.json, { ...pin, moved: moves }, () => [...describe(pin), ...conclude(pin, moves)]);
}

function describe({
  connector,
  pinned,
  pinnedAt,
  answered,
  kept,
  madeAnew,
  deleted,
}: DirectoryPin): string[] {
  const row = (what: string, get: (directory: NonNullable<DirectoryPin['pinned']>) => string | null) => [
    what,
    (pinned && get(pinned)) ?? '-',
    get(answered) ?? '-',
  ];
  return [
    ...table([
      [connector, `pinned${pinnedAt === null ? '' : ` ${pinnedAt}`}`, 'answered now'],
      row('domain', ({ namingContext }) => namingContext),
      row('forest', ({ forest }) => forest),
      row('SID', ({ domainSid }) => domainSid),
      row('objectGUID', ({ domainGuid }) => domainGuid),
    ]),
    `${kept} users of the tenant are in it too; ${deleted} would be deleted, ${madeAnew} made anew`,
  ];
}

function conclude({ connector, same }: DirectoryPin, moved: boolean): string[] {
  if (same) return ['the connector reads this directory already: there is nothing to do'];
  if (moved)
    return [`'${connector}' reads the directory that answered from now on; the next cycle imports all of it`];
  return [
    'nothing was changed; to let the connector read the directory that answered:',
    `  causeway connect repin '${connector}' --yes`,
  ];
}
