import type { ScopePreview, UserPreview } from '@causeway/contract';
import { printResult, table } from '@causeway/service';
import { loadConnectConfiguration } from '../configuration.ts';
import { scopeOf } from '../context.ts';
import { askOrDo, type CommonOptions, doOnCopy } from './at-hand.ts';
import { renameText } from './rename-text.ts';
import { synchronizedText } from './show-groups.ts';

/** Lines printed of each connector. JSON has all lines of the preview. */
const PRINTED = 200;
const SIGN = {
  ...{ delete: '-', withdraw: '-', rename: '=', add: '+', send: '+', update: '~', keep: '~' },
} as const;
const OF_PASSWORDS: ReadonlySet<keyof typeof SIGN> = new Set(['withdraw', 'keep', 'send']);

interface PreviewOptions extends CommonOptions {
  /** By this program's own rules, whatever release runs. */
  thisRelease?: true;
}

/** `causeway connect preview [USER]` */
export const preview = (user: string | undefined, options: PreviewOptions): Promise<void> =>
  user === undefined ? previewScope(options) : previewUser(user, options);

const askerOf = ({ thisRelease }: PreviewOptions): typeof doOnCopy => (thisRelease ? doOnCopy : askOrDo);

async function previewUser(user: string, options: PreviewOptions): Promise<void> {
  const { result } = await askerOf(options)(options, 'previewUser', { params: { user } });
  printResult(options.json, result, () => describeUser(result));
}

function describeUser(of: UserPreview): string[] {
  const { user, connector, distinguishedName, container, inGroups, newName, attributes } = of;
  return [
    `${user} of ${connector}`,
    ...table([
      ['  distinguished name', distinguishedName],
      ['  synchronized', synchronizedText({ ...of, scopeReason: of.reason })],
      ['  container that decided', container ?? 'none of those that the scope names'],
      ...(newName === null ? [] : [['  new name that waits for you', newName]]),
      ...(inGroups === null ? [] : [['  in a group of the scope', inGroups ? 'yes' : 'no']]),
      ['  password', of.password],
    ]),
    '',
    ...table([
      ['  attribute', 'value', 'made of', 'rule'],
      ...attributes.map(({ name, value, source, expression, rule }) => [
        `  ${name}`,
        value ?? '-',
        expression ?? source,
        rule,
      ]),
    ]),
  ];
}

/** What the rules of a configuration would do if Connect were started with it. */
async function previewScope(options: PreviewOptions): Promise<void> {
  const { connectors } = loadConnectConfiguration(options.config);
  const ask = askerOf(options);
  // A copy is opened with this configuration, and knows no other connectors.
  const running = options.thisRelease
    ? connectors.map(({ name }) => name)
    : (await askOrDo(options, 'getStatus', {})).result.connectors.map(({ name }) => name);
  const added = connectors.filter(({ name }) => !running.includes(name));
  const removed = running.filter(one => connectors.every(({ name }) => name !== one));
  const body = {
    connectors: connectors
      .filter(connector => !added.includes(connector))
      .map(connector => {
        const { name, scope, accountNames, extensions } = connector;
        return { name, scope, accountNames, extensions, ...scopeOf(connector) };
      }),
  };
  const previews =
    body.connectors.length === 0 ? [] : (await ask(options, 'previewScope', { body })).result.previews;
  printResult(options.json, { previews, added: added.map(({ name }) => name), removed }, () => [
    ...previews.flatMap(describePreview),
    ...added.map(({ name }) => `${name}: new; whom it brings shows after its first import`),
    ...removed.map(name => `${name}: not in this configuration; whoever it brought stays, as they are now`),
  ]);
}

function describePreview({
  connector,
  adds,
  updates,
  deletes,
  passwords,
  renames,
  memberships,
  unchanged,
  lines,
  notImported,
  groupsMissing,
}: ScopePreview): string[] {
  const shown = lines.slice(0, PRINTED);
  const { withdraw, keep, send } = passwords;
  const all = adds + updates + deletes + renames + withdraw + keep + send;
  const renamed = renames > 0 ? `, ${renames} are called otherwise in the managed domain` : '';
  return [
    `${connector}: ${adds} come, ${updates} change, ${deletes} leave${renamed}, ${unchanged} stay as they are`,
    ...(withdraw + keep + send === 0
      ? []
      : [
          `  passwords of people who stay: ${withdraw} are withdrawn, ${keep} stay and no other is sent, ${send} are sent`,
        ]),
    ...(notImported.length === 0
      ? []
      : [
          `  ${notImported.join(', ')}: not imported yet, so this is as if nobody had a value; the rules wait for a full import`,
        ]),
    ...(groupsMissing === null
      ? []
      : [
          `  ${groupsMissing}: whom the groups decided stays as decided, and there may be more in them than show here`,
        ]),
    ...table(
      shown.map(
        ({ operation, kind, name, distinguishedName, rename, reason = rename && renameText(rename) }) => [
          `  ${SIGN[operation]} ${OF_PASSWORDS.has(operation) ? 'password' : kind}`,
          name,
          distinguishedName,
          reason ?? '',
        ],
      ),
    ),
    ...(all > shown.length ? [`  and ${all - shown.length} more: see --json`] : []),
    ...(memberships > 0 ? [`  ${memberships} memberships go with whoever leaves`] : []),
    ...(deletes + withdraw > 0
      ? [
          '  what leaves or is withdrawn waits for you, when Connect runs with it:  causeway connect deletions',
        ]
      : []),
    ...(renames > 0
      ? ['  who is called otherwise waits for you, when Connect runs with it:  causeway connect renames']
      : []),
  ];
}
