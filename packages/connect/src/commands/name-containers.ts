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

const LISTS = ['include', 'exclude'] as const;

/** A container of the configuration with its GUID. */
interface Named {
  readonly connector: string;
  readonly dn: string;
  readonly objectGuid: string;
  /** Where the GUID stands in the file. */
  readonly at: readonly (string | number)[];
}

/**
 * Writes the objectGUID beside every container that the configuration names by its DN alone. What has one stays: a container that was
 * made anew under the name of another is another one.
 *
 * @throws CausewayError 'no-such-container', with nothing written, and what the domain controller brings
 */
export async function nameContainers({ config, json }: CommonOptions): Promise<void> {
  const { connectors, timeoutMs } = readConnectConfiguration(config);
  const named: Named[] = [];
  for (const [place, connector] of connectors.entries())
    named.push(...(await askFor(connector, place, timeoutMs)));
  if (named.length > 0)
    writeConfigurationValues(
      config,
      named.map(({ at, objectGuid }) => ({ at, value: objectGuid })),
    );
  const containers = named.map(({ connector, dn, objectGuid }) => ({ connector, dn, objectGuid }));
  printResult(json, { containers }, () =>
    named.length === 0
      ? ['every container has its objectGuid already: nothing was changed']
      : [
          `'${config}' has the objectGuid of ${named.length} more:`,
          ...table(containers.map(({ connector, dn, objectGuid }) => [`  ${connector}`, dn, objectGuid])),
          'what it changes shows before anything goes:  causeway connect preview',
        ],
  );
}

async function askFor(connector: ConnectorConfiguration, place: number, timeoutMs: number): Promise<Named[]> {
  const wanted = LISTS.flatMap(list =>
    connector.scope.organizationalUnits[list].flatMap(({ dn, objectGuid }, i) => {
      const at = ['connectors', place, 'scope', 'organizationalUnits', list, i, 'objectGuid'];
      return objectGuid === undefined ? [{ dn, at }] : [];
    }),
  );
  if (wanted.length === 0) return [];
  const { connection: ldap } = await openSignedIn(connector, timeoutMs);
  try {
    const named: Named[] = [];
    for (const { dn, at } of wanted)
      named.push({ connector: connector.name, dn, at, objectGuid: await guidOf(ldap, connector, dn) });
    return named;
  } finally {
    await ldap.close();
  }
}

async function guidOf(ldap: LdapConnection, { name }: ConnectorConfiguration, dn: string): Promise<string> {
  const refuse = (why: string) => {
    const text = `the connector '${name}' names the container '${dn}', and ${why}; nothing was written`;
    return new CausewayError('no-such-container', text);
  };
  const attributes = ['objectGUID', 'objectClass'];
  const found = await ldap.search(dn, { scope: 'base', attributes }).catch((error: unknown) => {
    if (error instanceof LdapError) throw refuse(`the domain controller says: ${describeError(error)}`);
    throw error;
  });
  const [entry] = found;
  const guid = entry && bytesOf(entry, 'objectGUID');
  if (entry === undefined || guid?.length !== 16) throw refuse('the domain controller does not show it');
  if (!isContainer((entry.attributes.objectClass ?? []).map(String)))
    throw refuse('it is no organizational unit or container');
  return decodeGuid(guid);
}
