import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CALL_ERRORS } from '@causeway/active-directory';
import { createProgram } from '@causeway/cli';
import { ConnectConfiguration, ConnectorConfiguration, EVENTS } from '@causeway/connect';
import { apis } from '@causeway/contract';
import { AUDIT_ACTIONS, DomainConfiguration } from '@causeway/domain-services';
import { ENVIRONMENT_VARIABLES, ERROR_TABLES, MERGED_CODES } from '@causeway/service';
import { TenantConfiguration } from '@causeway/tenant';
import { adviceSource } from './advice.ts';
import { commandsPage } from './commands.ts';
import { type ConfigurationPart, configurationPage } from './configuration.ts';
import { environmentPage } from './environment.ts';
import { type ErrorPart, errorsPage } from './errors.ts';
import { eventsPage } from './events.ts';
import { routesPage } from './routes.ts';

const FOLDER = 'docs/reference';
const ADVICE = 'powershell/ADSync/Cmdlets/Advice.cs';

const CONFIGURATION: readonly ConfigurationPart[] = [
  {
    title: 'Connect',
    intro: 'The file is `/etc/causeway/connect.yaml`.',
    schema: ConnectConfiguration,
    elsewhere: ['connectors'],
  },
  {
    title: 'A connector',
    intro: 'An entry of `connectors` in `/etc/causeway/connect.yaml`. It reads one domain of a forest.',
    schema: ConnectorConfiguration,
  },
  { title: 'Tenant', intro: 'The file is `/etc/causeway/tenant.yaml`.', schema: TenantConfiguration },
  {
    title: 'Domain Services',
    intro:
      'The file is `/etc/causeway/domain.yaml`. `causeway domain create` also takes the common keys as options, and leaves the configuration in the state folder, where the other commands find it.',
    schema: DomainConfiguration,
  },
];

const PLACES: Readonly<Record<keyof typeof ERROR_TABLES, string>> = {
  shared: 'Everywhere',
  directory: 'Domain controllers and the directory',
  connect: 'Connect',
  tenant: 'Tenant',
  domain: 'Domain Services',
  powershell: 'The PowerShell module',
};

const ERRORS: readonly ErrorPart[] = [
  ...Object.entries(ERROR_TABLES).map(([place, errors]) => ({
    title: PLACES[place as keyof typeof ERROR_TABLES],
    errors,
  })),
  { title: 'Calls to a domain controller', errors: CALL_ERRORS },
];

/** What the PowerShell module can meet. */
const OF_MODULE = [
  ERROR_TABLES.shared,
  ERROR_TABLES.directory,
  ERROR_TABLES.connect,
  ERROR_TABLES.powershell,
].map(errors => ({ errors }));

/** Every page of the reference, and what else is made with it, by the path from the root. */
export async function referencePages(): Promise<Map<string, string>> {
  return new Map([
    [`${FOLDER}/commands.md`, commandsPage(await createProgram())],
    [`${FOLDER}/configuration.md`, configurationPage(CONFIGURATION)],
    [`${FOLDER}/errors.md`, errorsPage(ERRORS, MERGED_CODES)],
    [`${FOLDER}/events.md`, eventsPage(EVENTS, AUDIT_ACTIONS)],
    [`${FOLDER}/environment.md`, environmentPage(ENVIRONMENT_VARIABLES)],
    [`${FOLDER}/routes.md`, routesPage(apis)],
    [ADVICE, adviceSource(OF_MODULE)],
  ]);
}

/** The same as it is under `root`. */
export function pagesIn(root: string): Map<string, string> {
  const paths = globSync([`${FOLDER}/*.md`, ADVICE], { cwd: root }).sort();
  return new Map(paths.map(path => [path, readFileSync(join(root, path), 'utf8')]));
}

/** The differences between the expected pages and the existing ones, one sentence each. */
export function staleness(made: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  return [
    ...[...made].filter(([path, text]) => found.get(path) !== text).map(([path]) => path),
    ...[...found.keys()].filter(path => !made.has(path)),
  ].map(path => `${path} does not match the code: run 'npm run reference'`);
}
