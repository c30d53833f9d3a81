import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dnsDomain } from '@causeway/samba';
import { labPath } from '../domains/state.ts';
import { DOMAINS, describeDomain, firstForest, type LabDomain } from '../domains/table.ts';
import type { Certificate, Certificates } from './certificates.ts';

const DEFAULT_TENANT_PORT = 8443;
export interface StageSettings {
  /** PostgreSQL for the tenant; PGlite when absent. */
  readonly databaseUrl?: string | undefined;
  /** Puts a recording proxy between Connect and the tenant. */
  readonly record?: boolean;
  /** The domains that Connect reads, each a forest of its own; the lab's first one when absent. */
  readonly forests?: readonly LabDomain[];
  /** The domain that Domain Services makes; the lab's own when absent. */
  readonly managed?: LabDomain;
  /** Makes it answer DNS, on port 53 of its own address. Without DNS it starts faster. */
  readonly dns?: 'internal';
  readonly tenantPort?: number;
  /** Proxies whose client addresses the tenant believes. Without them all clients of a test share the budget of one address. */
  readonly trustedProxies?: readonly string[];
  /** How often Connect signs a head and Domain Services looks for one. Left out where no test waits for that. */
  readonly headIntervalMs?: number;
  /** The tenant serves TLS with a certificate of a CA that all others are configured with; otherwise plain HTTP on loopback. */
  readonly tls?: Certificates;
  /** Connect's admin API over HTTPS on loopback, besides its socket. */
  readonly adminApi?: { readonly port: number; readonly tls: Certificate };
}

/** The folder of the three services with their configurations, state, logs and passwords. */
export class StageFiles {
  readonly settings: StageSettings;
  readonly directory = labPath('places');
  readonly forests: readonly LabDomain[];
  readonly managed: LabDomain;
  readonly tenantPort: number;

  constructor(settings: StageSettings) {
    this.settings = settings;
    this.forests = settings.forests ?? firstForest;
    this.managed = settings.managed ?? DOMAINS.managed;
    this.tenantPort = settings.tenantPort ?? DEFAULT_TENANT_PORT;
  }

  get tenantUrl(): string {
    return `${this.settings.tls ? 'https' : 'http'}://127.0.0.1:${this.tenantPort}`;
  }

  /** How Connect and Domain Services reach the tenant. */
  get #endpoint(): { url: string; caFile?: string } {
    const { tls } = this.settings;
    return { url: this.tenantUrl, ...(tls && { caFile: tls.caFile }) };
  }

  /** The password of the account with which Connect reads a forest. */
  connectorPasswordFile(forest: LabDomain): string {
    return join(this.directory, `connector-${forest.name}.password`);
  }

  stateOf(name: string): string {
    return join(this.directory, name);
  }

  configOf(name: string): string {
    return join(this.directory, `${name}.yaml`);
  }

  logOf(name: string): string {
    return join(this.directory, `${name}.log`);
  }

  get tokenFile(): string {
    return join(this.directory, 'admin-token');
  }

  get remote(): readonly string[] {
    const { tls } = this.settings;
    const ca = tls ? ['--ca', tls.caFile] : [];
    return ['--tenant', this.tenantUrl, '--token-file', this.tokenFile, ...ca];
  }

  /** Everything that a service wrote to its log. */
  readLog(name: string): string {
    return readFileSync(this.logOf(name), 'utf8');
  }

  writeTenant(): void {
    this.#write('tenant', {
      stateDirectory: this.stateOf('tenant'),
      listen: { host: '127.0.0.1', port: this.tenantPort },
      ...(this.settings.tls && { tls: this.settings.tls.server }),
      ...(this.settings.trustedProxies && { trustedProxies: this.settings.trustedProxies }),
    });
  }

  /** @param tenantUrl of a proxy in between; the tenant itself when absent */
  writeConnect(tenantUrl?: string): void {
    const { adminApi } = this.settings;
    this.#write('connect', {
      stateDirectory: this.stateOf('connect'),
      ...this.#headInterval,
      tenant: tenantUrl === undefined ? this.#endpoint : { url: tenantUrl },
      connectors: this.forests.map(forest => ({
        name: dnsDomain(forest),
        forest: dnsDomain(forest),
        server: forest.address,
        caFile: describeDomain(forest).caFile,
        account: `causeway-connect@${dnsDomain(forest)}`,
        password: `file:${this.connectorPasswordFile(forest)}`,
      })),
      ...(adminApi && {
        adminApi: { listen: { host: '127.0.0.1', port: adminApi.port }, tls: adminApi.tls },
      }),
    });
  }

  writeDomain(): void {
    const { realm, netbiosDomain, hostName, address } = this.managed;
    this.#write('domain', {
      stateDirectory: this.stateOf('domain'),
      directory: describeDomain(this.managed).directory,
      tenant: this.#endpoint,
      ...this.#headInterval,
      ...{ realm, netbiosDomain, hostName, address, dns: this.settings.dns ?? 'none' },
    });
  }

  /** Changes settings of a written configuration. They apply from the next start. */
  configure(name: string, settings: object): void {
    const before = JSON.parse(readFileSync(this.configOf(name), 'utf8')) as object;
    this.#write(name, { ...before, ...settings });
  }

  get #headInterval(): { headIntervalMs?: number } {
    const { headIntervalMs } = this.settings;
    return headIntervalMs === undefined ? {} : { headIntervalMs };
  }

  #write(name: string, configuration: unknown): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    writeFileSync(this.configOf(name), JSON.stringify(configuration, null, 2)); // JSON is YAML
  }
}
