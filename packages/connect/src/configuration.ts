import { dnsNameOf } from '@causeway/active-directory';
import { AttributeName, MAX_BATCH, MAX_EXTENSIONS } from '@causeway/contract';
import {
  CausewayError,
  DELETION_THRESHOLD,
  defaultStateDirectory,
  loadConfiguration,
} from '@causeway/service';
import { z } from 'zod';

const DnsName = z
  .string()
  .max(255)
  .toLowerCase()
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, 'a DNS name expected');

const Port = z.int().min(1).max(65_535);

/** One more domain controller of a connector's domain. */
const FurtherController = z.strictObject({
  /** Name or address. */
  server: z.string().min(1).max(255),
  /** The name in its certificate, where `server` is another name or an address. */
  serverName: z.string().max(255).optional(),
  /** PEM file of the CA that issued its certificate; the connector's when absent. */
  caFile: z.string().min(1).optional(),
  ldapsPort: Port.optional(),
  replicationPort: Port.optional(),
});

/** A container or a group of the connector's domain. What decides is its GUID, which `causeway connect name-scope` writes. */
const Reference = z.strictObject({
  dn: z.string().min(3).max(1024),
  objectGuid: z.guid().toLowerCase().optional(),
});
const References = z.array(Reference).max(500).default([]);

/** A search filter (RFC 4515) that Connect evaluates over what it imported. */
const Condition = z.string().min(3).max(8192);

/** Who is synchronized. Each kind of rule has to agree, and what excludes wins. */
export const Scope = z.strictObject({
  /** The nearest container above an object that is named here decides. Where any is included, everything else is not. */
  organizationalUnits: z.strictObject({ include: References, exclude: References }).prefault({}),
  /** Where any is named, people who are in none of these groups are left out; nested groups and primary groups count. */
  groups: References,
  conditions: z.strictObject({ user: Condition.optional(), group: Condition.optional() }).prefault({}),
  /** Whether inetOrgPerson objects are synchronized, too. */
  inetOrgPersons: z.boolean().default(true),
});

/** One domain of an on-premises forest: what is read, from which domain controller, as whom. */
export const ConnectorConfiguration = z.strictObject({
  /** The connector's name; the domain's DNS name by custom, as in the original. Case counts. */
  name: z.string().min(1).max(100),
  /** The forest's DNS name; records are signed for it. */
  forest: DnsName,
  /** The domain's DNS name where it is not the forest's root; suffix of users without a userPrincipalName. */
  domain: DnsName.optional(),
  /** The domain controller to read from: name or address. The PDC emulator hears of changes first. */
  server: z.string().min(1).max(255),
  /** The name in the domain controller's certificate, where `server` is another name or an address. */
  serverName: z.string().max(255).optional(),
  /** PEM file of the CA that issued the domain controller's certificate. */
  caFile: z.string().min(1),
  ldapsPort: Port.default(636),
  /** Port of the endpoint mapper's answer, where it cannot be asked for. */
  replicationPort: Port.optional(),
  /** Further domain controllers of the same domain, in the order in which they stand in when `server`, the preferred one, fails. */
  domainControllers: z.array(FurtherController).max(9).default([]),
  /** Account with the rights Replicating Directory Changes and … All: `name@domain` or `DOMAIN\name`. */
  account: z
    .string()
    .regex(/^([^@\\]+@[^@\\]+|[^@\\]+\\[^@\\]+)$/, "'name@domain' or 'DOMAIN\\name' expected"),
  /** Its password: `file:PATH` (readable by its owner alone) or `env:NAME`. */
  password: z.string().min(1),
  /** The domain's naming context; the domain controller's own when absent. */
  namingContext: z.string().max(1024).optional(),
  /** Sends passwords of inetOrgPerson objects too. The original never does. */
  inetOrgPersonPasswords: z.boolean().default(false),
  scope: Scope.prefault({}),
  /** Attributes of people that go to the tenant beside those of everybody, as the directory's schema writes their names. */
  extensions: z.array(AttributeName).max(MAX_EXTENSIONS).default([]),
});
export type ConnectorConfiguration = z.infer<typeof ConnectorConfiguration>;

export const ConnectConfiguration = z.strictObject({
  stateDirectory: z.string().min(1).default(defaultStateDirectory('connect')),
  tenant: z.strictObject({
    url: z.url(),
    /** PEM file of the CA that issued the tenant's certificate; the system's CAs when absent. */
    caFile: z.string().min(1).optional(),
  }),
  connectors: z.array(ConnectorConfiguration).min(1).max(20),
  /** More deletions than this, or than 10 % of a forest, within 24 hours wait for `causeway connect allow-deletes`. */
  deletionThreshold: z.int().min(0).default(DELETION_THRESHOLD),
  /** What more new accounts than half of a forest (never below 1,000) within 24 hours lead to: an alarm, or that they wait as well. */
  growth: z.enum(['alarm', 'hold']).default('alarm'),
  /** Whether a reset to a temporary password takes the one before away in the cloud, or leaves it until its user has changed the new one. */
  temporaryPasswords: z.enum(['withdraw', 'keep']).default('withdraw'),
  /** How often the domain controller is asked whether anything changed. */
  pollIntervalMs: z.int().min(50).max(60_000).default(250),
  /** A cycle runs at least this often. */
  cycleIntervalMs: z.int().min(1000).max(3_600_000).default(120_000),
  /** How often a head of each forest goes to the tenant. */
  headIntervalMs: z.int().min(100).max(60_000).default(10_000),
  /** No receipt of the managed domain for longer than this raises the alarm. */
  silenceMs: z.int().min(1000).max(3_600_000).default(300_000),
  /** Objects a request to the tenant. */
  objectBatch: z.int().min(1).max(MAX_BATCH).default(250),
  /** Passwords a request to the tenant. */
  passwordBatch: z.int().min(1).max(MAX_BATCH).default(250),
  /** Objects a page of replication. A DC makes one after another: a change of a password waits for the one that a pass has asked for. */
  replicationPage: z.int().min(10).max(5000).default(250),
  /** The admin API: always on a local socket, and over HTTPS where an address is given. */
  adminApi: z
    .strictObject({
      /** The local socket's path, where it is not to be in its usual place. */
      socket: z.string().min(1).max(107).optional(),
      listen: z.strictObject({ host: z.string().min(1), port: Port }).optional(),
      /** Needed off loopback. */
      tls: z.strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
    })
    .optional(),
  /** Milliseconds that a domain controller or the tenant may keep us waiting. */
  timeoutMs: z.int().min(1000).max(600_000).default(30_000),
});
export type ConnectConfiguration = z.infer<typeof ConnectConfiguration>;

/** @throws CausewayError 'configuration-unreadable' or 'configuration-invalid' */
export function loadConnectConfiguration(file: string): ConnectConfiguration {
  const configuration = readConnectConfiguration(file);
  for (const { name, scope } of configuration.connectors) requireGuids(file, name, scope);
  return configuration;
}

/** The same, where containers and groups may still be without their GUIDs. */
export function readConnectConfiguration(file: string): ConnectConfiguration {
  const configuration = loadConfiguration(ConnectConfiguration, file);
  const names = configuration.connectors.map(connector => connector.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new CausewayError('configuration-invalid', `'${file}' names the connector '${twice}' twice`);
  }
  const connectors = configuration.connectors.map(connector =>
    nameDomain(connector, configuration.connectors),
  );
  requireDomainsApart(file, connectors);
  for (const { name, server, domainControllers } of configuration.connectors) {
    const servers = [server, ...domainControllers.map(further => further.server)];
    const again = servers.find((one, i) => servers.indexOf(one) !== i);
    if (again === undefined) continue;
    const text = `'${file}' names the domain controller '${again}' of connector '${name}' twice`;
    throw new CausewayError('configuration-invalid', text);
  }
  return { ...configuration, connectors };
}

/** A name alone says nothing once a container was renamed, moved or made anew. */
function requireGuids(file: string, connector: string, scope: ConnectorConfiguration['scope']): void {
  const { include, exclude } = scope.organizationalUnits;
  const nameless = [...include, ...exclude, ...scope.groups].find(
    ({ objectGuid }) => objectGuid === undefined,
  );
  if (nameless === undefined) return;
  const text = `'${file}' names '${nameless.dn}' in the scope of connector '${connector}' without its objectGuid: run 'causeway connect name-scope --config ${file}', which asks the domain controller and writes it`;
  throw new CausewayError('configuration-invalid', text);
}

/**
 * Where a forest has several connectors each one's domain is named, so that its domain controllers are held to it: without a name it is
 * that of the naming context, or the forest's root.
 */
function nameDomain(
  connector: ConnectorConfiguration,
  all: readonly ConnectorConfiguration[],
): ConnectorConfiguration {
  const { forest, namingContext, domain = namingContext ? dnsNameOf(namingContext) : forest } = connector;
  return all.filter(each => each.forest === forest).length > 1 ? { ...connector, domain } : connector;
}

/** Two connectors of one domain would export everybody twice, one after the other, without an end. */
function requireDomainsApart(file: string, connectors: readonly ConnectorConfiguration[]): void {
  const byDomain = Map.groupBy(connectors, ({ forest, domain = forest }) => domain);
  for (const [domain, [first, second]] of byDomain) {
    if (second === undefined) continue;
    const text = `'${file}' gives the connectors '${first!.name}' and '${second.name}' one domain, '${domain}': a domain has one connector; take one of them out, or name the domain of each by 'domain'`;
    throw new CausewayError('configuration-invalid', text);
  }
}

/** The account as NTLM takes it: apart, or a userPrincipalName as it is with no domain. */
export function splitAccount(account: string): { domain: string; username: string } {
  const backslash = account.indexOf('\\');
  if (backslash < 0) return { domain: '', username: account };
  return { domain: account.slice(0, backslash), username: account.slice(backslash + 1) };
}

/** The account's sAMAccountName, as far as the configuration tells. */
export function accountName(account: string): string {
  return splitAccount(account).username.split('@')[0]!;
}

/** Its domain, as far as the configuration tells: a DNS or a NetBIOS name. */
export function accountDomain(account: string): string {
  const { domain, username } = splitAccount(account);
  return domain || username.slice(username.indexOf('@') + 1);
}
