import type { AdministratorCounts, ListedAdministrator } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { confirm, example, printResult, table } from '@causeway/service';
import type { Command as Program } from 'commander';
import { TENANT_ADMINISTERS } from '../administrators/accept-administrator.ts';
import { loadDomainConfiguration } from '../configuration.ts';
import { askOrDo, perform } from './at-hand.ts';
import { type ForestFlags, forestOption, subcommand } from './command-options.ts';
import { personRows } from './person-rows.ts';

/** `causeway domain administrators …`. */
export function administratorCommands(domain: Program): void {
  const administrators = domain
    .command('administrators')
    .description('who administers the managed domain: the tenant proposes, you accept');
  const command = (text: string, description: string, isDefault = false) =>
    subcommand(administrators, text, description, isDefault);
  const ofPerson = (text: string, description: string): Program =>
    forestOption(command(text, description), 'only of this forest').argument(
      '<user>',
      'userPrincipalName, name in the managed domain or source anchor',
    );
  command('list', 'list who is accepted, and whom the tenant proposes', true)
    .addHelpText('after', example('causeway domain administrators list'))
    .action(list);
  ofPerson('accept', 'accept a user whom the tenant proposes')
    .option('--cloud-only', 'accept a cloud-only user: the tenant then administers the domain')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('causeway domain administrators accept admin@contoso.example --cloud-only'))
    .action(accept);
  ofPerson('remove', 'withdraw an acceptance')
    .addHelpText('after', example('causeway domain administrators remove admin@contoso.example'))
    .action(remove);
}

/** The line about administrators in the status. */
export function administratorsLine({ accepted, waiting, more, tenant }: AdministratorCounts): string {
  return [
    `${accepted} accepted`,
    waiting === 0 ? '0 wait for you' : `${waiting} wait for you: causeway domain administrators`,
    ...(more === 0 ? [] : [`the tenant has ${more} more members, too many to be proposed at once`]),
    ...(tenant === 'older' ? ['the tenant is of a release before and does not say whom it proposes'] : []),
    ...(tenant === null ? ['the tenant has not said whom it proposes'] : []),
  ].join('; ');
}

async function list(flags: ForestFlags): Promise<void> {
  const { administrators } = await askOrDo(loadDomainConfiguration(flags), 'listAdministrators', {});
  printResult(flags.json, { administrators }, () =>
    administrators.length === 0 ? ['nobody is proposed, and nobody accepted'] : listLines(administrators),
  );
}

export function listLines(administrators: readonly ListedAdministrator[]): string[] {
  return table([
    ['state', 'name', 'name here', 'forest', 'source anchor', 'objectGUID', 'since', ''],
    ...administrators.map(one => [
      ...[one.state === 'unknown' ? 'unknown here' : one.state, one.name ?? '-', one.samAccountName ?? '-'],
      ...[one.forest, one.anchor, one.objectGuid ?? '-', one.since, remark(one)],
    ]),
  ]);
}

function remark({ state, name, acceptedAs, calledByTenant, cloudOnly }: ListedAdministrator): string {
  if (state === 'unknown') return `the tenant calls them '${calledByTenant}'`;
  if (state === 'proposed') return cloudOnly ? 'needs --cloud-only' : '';
  return acceptedAs === name ? '' : `accepted as ${acceptedAs}`;
}

async function accept(
  user: string,
  flags: ForestFlags & { cloudOnly?: boolean; yes?: boolean },
): Promise<void> {
  const configuration = loadDomainConfiguration(flags);
  const { forest } = flags;
  const cloudOnly = flags.cloudOnly === true;
  const query = { user, forest, cloudOnly: String(cloudOnly) };
  const { entry, proposal } = await askOrDo(configuration, 'findCandidate', { query });
  const isCloudOnly = cloudOnly && entry.forest === CLOUD_FOREST;
  const shown = table([...personRows(entry), ['proposed since', proposal.since]]);
  await confirm(
    [...shown, ...(isCloudOnly ? ['', `This is a cloud-only person: ${TENANT_ADMINISTERS}.`] : [])],
    isCloudOnly
      ? 'Accept this person, so that the tenant administers the managed domain?'
      : 'Accept this person as an administrator of the managed domain?',
    flags.yes,
  );
  const { anchor, objectGuid } = entry;
  await perform(flags, 'acceptAdministrator', { forest: entry.forest, anchor, objectGuid, cloudOnly });
}

async function remove(user: string, { forest, ...flags }: ForestFlags): Promise<void> {
  await perform(flags, 'removeAdministrator', { user, forest });
}
