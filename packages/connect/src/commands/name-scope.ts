import { isContainer } from '@causeway/active-directory';
import { bytesOf, decodeGuid, type LdapConnection, LdapError } from '@causeway/ldap';
import {
  CausewayError,
  describeError,
  printResult,
  table,
  writeConfigurationValues,
} from '@causeway/service';
import { type ConnectorConfiguration, readConnectConfiguration } from '../configuration.ts';
import { openSignedIn } from '../domain-controller/domain-controller.ts';
import type { CommonOptions } from './at-hand.ts';

/** Where the configuration of a scope names objects, and which kind they must be. */
const LISTS = [
  {
    at: ['organizationalUnits', 'include'],
    of: (scope: Scope) => scope.organizationalUnits.include,
    is: 'container',
  },
  {
    at: ['organizationalUnits', 'exclude'],
    of: (scope: Scope) => scope.organizationalUnits.exclude,
    is: 'container',
  },
  { at: ['groups'], of: (scope: Scope) => scope.groups, is: 'group' },
] as const;
type Scope = ConnectorConfiguration['scope'];

/** A container or group of the configuration with its GUID. */
interface Named {
  readonly connector: string;
  readonly dn: string;
  readonly objectGuid: string;
  /** Where the GUID stands in the file. */
  readonly at: readonly (string | number)[];
}

/**
 * Writes the objectGUID beside every container and group that the scopes of a configuration name by DN alone. Keeps those that are
 * there: a new object with the DN of a deleted one is another object.
 *
 * @throws CausewayError 'bad-scope', with nothing written, or an error of the domain controller
 */
export async function nameScope({ config, json }: CommonOptions): Promise<void> {
  const { connectors, timeoutMs } = readConnectConfiguration(config);
  const named: Named[] = [];
  for (const [place, connector] of connectors.entries())
    named.push(...(await askFor(connector, place, timeoutMs)));
  if (named.length > 0)
    writeConfigurationValues(
      config,
      named.map(({ at, objectGuid }) => ({ at, value: objectGuid })),
    );
  const objects = named.map(({ connector, dn, objectGuid }) => ({ connector, dn, objectGuid }));
  printResult(json, { objects }, () =>
    named.length === 0
      ? ['every container and group has its objectGuid already: nothing was changed']
      : [
          `'${config}' has the objectGuid of ${named.length} more:`,
          ...table(objects.map(({ connector, dn, objectGuid }) => [`  ${connector}`, dn, objectGuid])),
          'what it changes shows before anything goes:  causeway connect preview',
        ],
  );
}

async function askFor(connector: ConnectorConfiguration, place: number, timeoutMs: number): Promise<Named[]> {
  const wanted = LISTS.flatMap(({ at, of, is }) =>
    of(connector.scope).flatMap(({ dn, objectGuid }, i) =>
      objectGuid === undefined
        ? [{ dn, is, at: ['connectors', place, 'scope', ...at, i, 'objectGuid'] }]
        : [],
    ),
  );
  if (wanted.length === 0) return [];
  const { connection: ldap } = await openSignedIn(connector, timeoutMs);
  try {
    const named: Named[] = [];
    for (const { dn, is, at } of wanted)
      named.push({ connector: connector.name, dn, at, objectGuid: await guidOf(ldap, connector, dn, is) });
    return named;
  } finally {
    await ldap.close();
  }
}

async function guidOf(
  ldap: LdapConnection,
  { name }: ConnectorConfiguration,
  dn: string,
  is: 'container' | 'group',
): Promise<string> {
  const refuse = (why: string) => {
    const text = `the connector '${name}' names the ${is} '${dn}', and ${why}; nothing was written`;
    return new CausewayError('bad-scope', text);
  };
  const attributes = ['objectGUID', 'objectClass'];
  const found = await ldap.search(dn, { scope: 'base', attributes }).catch((error: unknown) => {
    if (error instanceof LdapError) throw refuse(`the domain controller says: ${describeError(error)}`);
    throw error;
  });
  const [entry] = found;
  const guid = entry && bytesOf(entry, 'objectGUID');
  if (entry === undefined || guid?.length !== 16) throw refuse('the domain controller does not show it');
  const classes = (entry.attributes.objectClass ?? []).map(String);
  if (is === 'container' && !isContainer(classes)) throw refuse('it is no organizational unit or container');
  if (is === 'group' && !classes.includes('group')) throw refuse('it is no group');
  return decodeGuid(guid);
}
