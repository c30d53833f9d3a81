import type { ConnectorConfiguration } from '../configuration.ts';

/** A connector's entry once per domain controller, the preferred one first. */
export function controllersOf(
  connector: ConnectorConfiguration,
): [ConnectorConfiguration, ...ConnectorConfiguration[]] {
  const { serverName: _name, replicationPort: _port, ldapsPort: _ldaps, ...shared } = connector;
  return [
    connector,
    ...connector.domainControllers.map(({ ldapsPort = 636, ...further }) => ({
      ...shared,
      ldapsPort,
      ...further,
      caFile: further.caFile ?? connector.caFile,
    })),
  ];
}

export const hasSeveral = ({ domainControllers }: ConnectorConfiguration): boolean =>
  domainControllers.length > 0;
