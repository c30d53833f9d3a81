// Long because each key of the schemas carries its description, from which docs/reference/configuration.md is generated.
import { dnsNameOf } from '@causeway/active-directory';
import { AttributeName, MAX_BATCH, MAX_EXTENSIONS } from '@causeway/contract';
import {
  CausewayError,
  defaultStateDirectory,
  loadConfiguration,
  thresholdSettings,
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
  server: z.string().min(1).max(255).describe('The name or address of the domain controller.'),
  serverName: z
    .string()
    .max(255)
    .optional()
    .describe('The name in its certificate, if that differs from `server`.'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe("The PEM file of the CA that issued its certificate. By default the connector's."),
  ldapsPort: Port.optional().describe("The LDAPS port. By default the connector's."),
  replicationPort: Port.optional().describe(
    'The port of replication. By default the endpoint mapper is asked.',
  ),
});

/** A container or a group of the connector's domain. Its GUID decides, which `causeway connect name-scope` writes. */
const Reference = z.strictObject({
  dn: z
    .string()
    .min(3)
    .max(1024)
    .describe('The distinguished name, for people to read. It may go out of date.'),
  objectGuid: z
    .guid()
    .toLowerCase()
    .optional()
    .describe(
      'What identifies the object, so that it may be renamed or moved. `causeway connect name-scope` asks the domain controller and writes it.',
    ),
});
const References = z.array(Reference).max(500).default([]);

/** A search filter (RFC 4515) that Connect evaluates over what it imported. */
const Condition = z.string().min(3).max(8192);

/** Who is synchronized. Every kind of rule has to agree, and an exclusion wins. */
export const Scope = z.strictObject({
  organizationalUnits: z
    .strictObject({
      include: References.describe('What to synchronize.'),
      exclude: References.describe('What to leave out.'),
    })
    .prefault({})
    .describe(
      'Organizational units and other containers. The nearest one above an object decides. If any is included, everything else is left out.',
    ),
  groups: References.describe(
    "Groups of the connector's domain. If any is named, people who are in none of them are left out. Nested groups and primary groups count.",
  ),
  conditions: z
    .strictObject({
      user: Condition.optional().describe('The filter for people.'),
      group: Condition.optional().describe('The filter for groups.'),
    })
    .prefault({})
    .describe(
      'Search filters (RFC 4515) that Connect evaluates over what it imported. An object that does not match is left out.',
    ),
  inetOrgPersons: z
    .boolean()
    .default(true)
    .describe('Whether objects of the class `inetOrgPerson` are synchronized.'),
  passwords: z
    .strictObject({
      condition: Condition.describe('The filter: no password is sent of users who do not match it.'),
      leaving: z
        .enum(['withdraw', 'keep'])
        .default('withdraw')
        .describe(
          'What becomes of a password that was sent before its user left: `withdraw` ends it, `keep` leaves it, as the original does.',
        ),
    })
    .optional()
    .describe(
      "Whose passwords are synchronized. By default everybody's. See [whose passwords go](../scope.md#whose-passwords-go).",
    ),
});

/** Which attribute names people's accounts in the managed domain. */
export const AccountNames = z.enum(['sAMAccountName', 'mailNickname']);
export type AccountNames = z.infer<typeof AccountNames>;

/** One domain of an on-premises forest: what is read, from which domain controller, as whom. */
export const ConnectorConfiguration = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(100)
    .describe(
      "The connector's name. By custom it is the domain's DNS name, as in the original. Case counts.",
    ),
  forest: DnsName.describe("The forest's DNS name. Connect signs records for it."),
  domain: DnsName.optional().describe(
    "The domain's DNS name, if it is not the forest's root domain. By default it follows from `namingContext`, or is `forest`. Users without a userPrincipalName get it as their suffix.",
  ),
  server: z
    .string()
    .min(1)
    .max(255)
    .describe(
      'The name or address of the domain controller to read from. Prefer the PDC emulator: it hears of changes first.',
    ),
  serverName: z
    .string()
    .max(255)
    .optional()
    .describe("The name in the domain controller's certificate, if that differs from `server`."),
  caFile: z
    .string()
    .min(1)
    .describe("The PEM file of the CA that issued the domain controller's certificate."),
  ldapsPort: Port.default(636).describe('The LDAPS port.'),
  replicationPort: Port.optional().describe(
    'The port of replication, for firewalls that fix it. By default the endpoint mapper is asked.',
  ),
  domainControllers: z
    .array(FurtherController)
    .max(9)
    .default([])
    .describe(
      'Further domain controllers of the same domain, in the order in which they replace `server` when it fails. See [several domain controllers](../connect.md#several-domain-controllers).',
    ),
  account: z
    .string()
    .regex(/^([^@\\]+@[^@\\]+|[^@\\]+\\[^@\\]+)$/, "'name@domain' or 'DOMAIN\\name' expected")
    .describe(
      'The connector account, as `name@domain` or `DOMAIN\\name`. `causeway connect account create` makes one with the two replication rights that it needs and no others.',
    ),
  password: z
    .string()
    .min(1)
    .describe('The password of `account`, as `file:PATH` (readable by its owner alone) or `env:NAME`.'),
  namingContext: z
    .string()
    .max(1024)
    .optional()
    .describe("The domain's naming context. By default the domain controller's own."),
  inetOrgPersonPasswords: z
    .boolean()
    .default(false)
    .describe(
      'Whether the passwords of `inetOrgPerson` objects are synchronized, too. The original never does that.',
    ),
  scope: Scope.prefault({}).describe(
    'Who is synchronized. By default everybody. See [who is synchronized](../scope.md).',
  ),
  extensions: z
    .array(AttributeName)
    .max(MAX_EXTENSIONS)
    .default([])
    .describe(
      "Attributes of users that go to the tenant beside those of every user, named as in the directory's schema.",
    ),
  accountNames: AccountNames.default('sAMAccountName').describe(
    "Which attribute names users' accounts in the managed domain. See [account names](../account-names.md).",
  ),
});
export type ConnectorConfiguration = z.infer<typeof ConnectorConfiguration>;

export const ConnectConfiguration = z.strictObject({
  stateDirectory: z
    .string()
    .min(1)
    .default(defaultStateDirectory('connect'))
    .describe(
      'The folder of the keys, the identity at the tenant, what you confirmed, the database and the socket.',
    ),
  tenant: z
    .strictObject({
      url: z.url().describe("The tenant's address."),
      caFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          "The PEM file of the CA that issued the tenant's certificate. By default the system's CAs.",
        ),
    })
    .describe('The tenant to send to.'),
  connectors: z
    .array(ConnectorConfiguration)
    .min(1)
    .max(20)
    .describe(
      'The domains to read: one connector per domain. A forest may have [several](../connect.md#several-domains-of-one-forest).',
    ),
  ...thresholdSettings,
  temporaryPasswords: z
    .enum(['withdraw', 'keep'])
    .default('withdraw')
    .describe(
      'What a reset to a temporary password (*must change at next logon*) does in the cloud. `withdraw` ends the password before it. `keep` leaves that password until the user has changed the temporary one, as the original does.',
    ),
  pollIntervalMs: z
    .int()
    .min(50)
    .max(60_000)
    .default(250)
    .describe('How often Connect asks the domain controller whether anything changed, in milliseconds.'),
  cycleIntervalMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(120_000)
    .describe('The longest time between two cycles, in milliseconds.'),
  headIntervalMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe('How often Connect sends a signed head of each forest to the tenant, in milliseconds.'),
  silenceMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(300_000)
    .describe(
      'If the managed domain sends no receipt for longer than this, Connect raises an alarm. In milliseconds.',
    ),
  objectBatch: z
    .int()
    .min(1)
    .max(MAX_BATCH)
    .default(250)
    .describe('How many objects a request to the tenant carries.'),
  passwordBatch: z
    .int()
    .min(1)
    .max(MAX_BATCH)
    .default(250)
    .describe('How many passwords a request to the tenant carries.'),
  replicationPage: z
    .int()
    .min(10)
    .max(5000)
    .default(250)
    .describe(
      'How many objects a page of replication carries. A domain controller makes one page after another, so a changed password waits for the page that is being made.',
    ),
  adminApi: z
    .strictObject({
      socket: z
        .string()
        .min(1)
        .max(107)
        .optional()
        .describe('The path of the local socket. By default its [usual place](../connect.md#the-admin-api).'),
      listen: z
        .strictObject({
          host: z.string().min(1).describe('The address to listen on.'),
          port: Port.describe('The port.'),
        })
        .optional()
        .describe(
          'Where the API is served over HTTPS, for holders of a named token. By default only the local socket serves it.',
        ),
      tls: z
        .strictObject({
          certificateFile: z.string().min(1).describe('The certificate chain, PEM.'),
          keyFile: z.string().min(1).describe('The private key, PEM.'),
        })
        .optional()
        .describe('The certificate of `listen`. Required unless `listen` is a loopback address.'),
    })
    .optional()
    .describe('The admin API. See [the admin API](../connect.md#the-admin-api).'),
  timeoutMs: z
    .int()
    .min(1000)
    .max(600_000)
    .default(30_000)
    .describe('How long a domain controller or the tenant may keep Connect waiting, in milliseconds.'),
});
export type ConnectConfiguration = z.infer<typeof ConnectConfiguration>;

/** @throws CausewayError 'configuration-unreadable' or 'bad-configuration' */
export function loadConnectConfiguration(file: string): ConnectConfiguration {
  const configuration = readConnectConfiguration(file);
  for (const { name, scope } of configuration.connectors) requireGuids(file, name, scope);
  return configuration;
}

/** Like `loadConnectConfiguration`, but accepts containers and groups without a GUID. */
export function readConnectConfiguration(file: string): ConnectConfiguration {
  const configuration = loadConfiguration(ConnectConfiguration, file);
  const names = configuration.connectors.map(connector => connector.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new CausewayError('bad-configuration', `'${file}' names the connector '${twice}' twice`);
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
    throw new CausewayError('bad-configuration', text);
  }
  return { ...configuration, connectors };
}

/** A DN alone identifies nothing once a container was renamed, moved or created again. */
function requireGuids(file: string, connector: string, scope: ConnectorConfiguration['scope']): void {
  const { include, exclude } = scope.organizationalUnits;
  const nameless = [...include, ...exclude, ...scope.groups].find(
    ({ objectGuid }) => objectGuid === undefined,
  );
  if (nameless === undefined) return;
  const text = `'${file}' names '${nameless.dn}' in the scope of connector '${connector}' without its objectGuid: run 'causeway connect name-scope --config ${file}', which asks the domain controller and writes it`;
  throw new CausewayError('bad-configuration', text);
}

/**
 * If a forest has several connectors, names each one's domain, so that its domain controllers have to serve it. By default the domain is
 * that of the naming context, or the forest's root.
 */
function nameDomain(
  connector: ConnectorConfiguration,
  all: readonly ConnectorConfiguration[],
): ConnectorConfiguration {
  const { forest, namingContext, domain = namingContext ? dnsNameOf(namingContext) : forest } = connector;
  return all.filter(each => each.forest === forest).length > 1 ? { ...connector, domain } : connector;
}

/** Two connectors of one domain would export everybody in turn, without an end. */
function requireDomainsApart(file: string, connectors: readonly ConnectorConfiguration[]): void {
  const byDomain = Map.groupBy(connectors, ({ forest, domain = forest }) => domain);
  for (const [domain, [first, second]] of byDomain) {
    if (second === undefined) continue;
    const text = `'${file}' gives the connectors '${first!.name}' and '${second.name}' one domain, '${domain}': a domain has one connector; take one of them out, or name the domain of each by 'domain'`;
    throw new CausewayError('bad-configuration', text);
  }
}

/** The account as NTLM expects it: domain and name, or a whole userPrincipalName and no domain. */
export function splitAccount(account: string): { domain: string; username: string } {
  const backslash = account.indexOf('\\');
  if (backslash < 0) return { domain: '', username: account };
  return { domain: account.slice(0, backslash), username: account.slice(backslash + 1) };
}

/** The account's sAMAccountName, as far as the configuration shows it. */
export function accountName(account: string): string {
  return splitAccount(account).username.split('@')[0]!;
}

/** The account's domain as the configuration names it: a DNS or a NetBIOS name. */
export function accountDomain(account: string): string {
  const { domain, username } = splitAccount(account);
  return domain || username.slice(username.indexOf('@') + 1);
}
