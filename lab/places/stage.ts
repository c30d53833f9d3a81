import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { callLocally, serviceIn } from '@causeway/api';
import {
  AAD_DC_ADMINISTRATORS,
  connectAdministrationRoutes,
  domainRoutes,
  type Route,
} from '@causeway/contract';
import { dnsDomain } from '@causeway/samba';
import { CausewayError, localSocketPath } from '@causeway/service';
import {
  administratorPasswordFile,
  describeDomain,
  ensureAdministratorPassword,
  type LabDomain,
} from '../domains/table.ts';
import { type RecordingProxy, recordingProxy } from '../peers/recording-proxy.ts';
import { listening, Place } from './place.ts';
import { runCliJson } from './run-cli.ts';
import type { RelyingParty } from './sign-in.ts';
import { StageFiles, type StageSettings } from './stage-files.ts';

export const TENANT_NAME = 'contoso';
export const FOREST = 'corp.example.com';
const TENANT_ADMINISTRATOR = 'admin@contoso.example';
/** As the launcher starts them. */
const SERVICE_ENVIRONMENT = {
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --max-semi-space-size=16`,
  MALLOC_ARENA_MAX: '2',
};
const REDIRECT_URI = 'http://127.0.0.1:8444/signed-in';

/**
 * Connect, Tenant and Domain Services as an administrator sets them up by the command line, in processes of their own, with their state in
 * the lab's folder. The demo, the end-to-end tests and the benchmarks use it.
 */
export class Stage extends StageFiles {
  readonly tenant: Place;
  readonly connect: Place;
  readonly domain: Place;
  proxy: RecordingProxy | undefined;

  constructor(settings: StageSettings = {}) {
    super(settings);
    // An empty one hides our own DATABASE_URL from a tenant that should use PGlite.
    this.tenant = this.#place('tenant', { DATABASE_URL: settings.databaseUrl ?? '' });
    this.connect = this.#place('connect');
    this.domain = this.#place('domain');
  }

  get places(): readonly Place[] {
    return [this.connect, this.domain, this.tenant];
  }

  /**
   * Starts the tenant with its first administrator, and returns how they sign in.
   * @param id of a lost tenant
   */
  async openTenant(id?: string): Promise<{ userPrincipalName: string; password: string }> {
    this.writeTenant();
    await this.tenant.start();
    const { administratorPassword } = await runCliJson<{ administratorPassword: string }>([
      ...['tenant', 'create', TENANT_NAME, ...(id === undefined ? [] : ['--id', id])],
      ...['--admin', TENANT_ADMINISTRATOR, '--state', this.stateOf('tenant'), '--token-out', this.tokenFile],
    ]);
    return { userPrincipalName: TENANT_ADMINISTRATOR, password: administratorPassword };
  }

  /** Makes a new token: the administrator's former ones end when the tenant loses changes. */
  async makeToken(): Promise<void> {
    const administrator = ['--admin', TENANT_ADMINISTRATOR, '--token-out', this.tokenFile];
    await runCliJson(['tenant', 'token', TENANT_NAME, ...administrator, '--state', this.stateOf('tenant')]);
  }

  /** A web application to sign in to. */
  async registerApplication(): Promise<RelyingParty> {
    const reply = await runCliJson<{ clientId: string; issuer: string }>([
      ...['tenant', 'app', 'register', '--name', 'lab', '--redirect-uri', REDIRECT_URI],
      ...this.remote,
    ]);
    return { ...reply, redirectUri: REDIRECT_URI };
  }

  async #enrolmentCode(kind: 'connect' | 'domain'): Promise<string> {
    const reply = await runCliJson<{ code: string }>([
      ...['tenant', 'enrolment', 'create', '--kind', kind, '--name', kind],
      ...(kind === 'connect' ? this.forests.flatMap(forest => ['--forest', dnsDomain(forest)]) : []),
      ...this.remote,
    ]);
    return reply.code;
  }

  /** The least-privileged accounts with which Connect reads the forests, one per forest. */
  async createConnectorAccounts(): Promise<void> {
    await Promise.all(
      this.forests.map(forest => {
        const { address, caFile } = describeDomain(forest);
        return runCliJson([
          ...['connect', 'account', 'create', '--server', address, '--ca', caFile],
          ...['--admin', `Administrator@${dnsDomain(forest)}`],
          ...['--admin-password-file', administratorPasswordFile(forest)],
          ...['--password-out', this.connectorPasswordFile(forest), '--reset-password'],
        ]);
      }),
    );
  }

  /** Configures, enrols and starts Connect. */
  async openConnect(): Promise<void> {
    await this.enrolConnect();
    await this.connect.start();
  }

  /** Configures and enrols Connect without starting it. */
  async enrolConnect(): Promise<void> {
    if (this.settings.record) this.proxy = await recordingProxy(this.tenantUrl);
    this.writeConnect(this.proxy?.url);
    await this.#withCode('connect', 'enrol');
  }

  /** Runs a command that enrols an agent. */
  async #withCode(kind: 'connect' | 'domain', command: string): Promise<void> {
    const code = await this.#enrolmentCode(kind);
    await runCliJson([kind, command, '--code-file', '-', '--config', this.configOf(kind)], {}, code);
  }

  /** Makes Connect talk to the tenant directly. */
  async stopRecording(): Promise<void> {
    await this.connect.stop();
    await this.proxy?.close();
    this.proxy = undefined;
    this.writeConnect();
    await this.connect.start();
  }

  /** Lets the tenant's administrator manage the managed domain. */
  async becomeDomainAdministrator(): Promise<void> {
    const group = ['tenant', 'group', 'add', AAD_DC_ADMINISTRATORS, TENANT_ADMINISTRATOR];
    await runCliJson([...group, ...this.remote]);
  }

  /** Makes, enrols, registers and starts the managed domain. */
  async openDomain(): Promise<void> {
    await this.createDomain();
    await this.domain.start();
  }

  /** Makes, enrols and registers the managed domain without starting it. */
  async createDomain(): Promise<void> {
    await this.becomeDomainAdministrator();
    ensureAdministratorPassword(this.managed);
    this.writeDomain();
    const passwordFile = administratorPasswordFile(this.managed);
    await runCliJson(
      [
        ...['domain', 'create', '--config', this.configOf('domain')],
        ...['--admin-password-file', passwordFile, '--code-file', '-'],
      ],
      {},
      await this.#enrolmentCode('domain'),
    );
  }

  /**
   * Makes a tenant that was lost without a backup again, under its id, and enrols the agents again without starting them.
   * @returns what to sign in to from now on
   */
  async openTenantAnew(): Promise<RelyingParty> {
    const identity = join(this.stateOf('connect'), 'identity.json');
    const { tenantId } = JSON.parse(readFileSync(identity, 'utf8')) as { tenantId: string };
    await this.openTenant(tenantId);
    const application = await this.registerApplication();
    rmSync(identity);
    await this.#withCode('connect', 'enrol');
    await this.becomeDomainAdministrator();
    await this.#withCode('domain', 'register');
    await this.confirmAtTenant(await this.#fingerprintOf('domain'));
    return application;
  }

  /** Starts tenant and Connect, with a web application to sign in to. */
  async openWeb(): Promise<RelyingParty> {
    await this.openTenant();
    const application = await this.registerApplication();
    await this.createConnectorAccounts();
    await this.openConnect();
    return application;
  }

  /** Starts all three, with both sides trusting each other. */
  async openAll(): Promise<RelyingParty> {
    const application = await this.openWeb();
    await this.openDomain();
    await this.pair();
    return application;
  }

  /** Confirms each side's fingerprint at the other side, and the managed domain's at the tenant. */
  async pair(): Promise<void> {
    await this.trustConnect();
    const domain = await this.#fingerprintOf('domain');
    await runCliJson(['connect', 'trust-domain', domain, '--config', this.configOf('connect')]);
    await this.confirmAtTenant(domain);
  }

  /** A second call makes Domain Services read the whole feed again, as an administrator does after repairing a tenant that withheld. */
  async trustConnect(): Promise<void> {
    const connect = await this.#fingerprintOf('connect');
    for (const forest of this.forests) {
      await runCliJson([
        ...['domain', 'trust-agent', connect, '--forest', dnsDomain(forest)],
        ...['--config', this.configOf('domain')],
      ]);
    }
  }

  async #fingerprintOf(side: 'connect' | 'domain'): Promise<string> {
    const command = [side, 'fingerprint', '--config', this.configOf(side)];
    return (await runCliJson<{ fingerprint: string }>(command)).fingerprint;
  }

  /** Makes the tenant seal cloud-only users' passwords to the managed domain with this fingerprint. */
  async confirmAtTenant(fingerprint: string): Promise<void> {
    await runCliJson(['tenant', 'trust-domain', fingerprint, ...this.remote]);
  }

  /** For one forest, or for all. */
  async forcePasswordSync(forest?: LabDomain): Promise<void> {
    await runCliJson([
      'connect',
      'force-password-sync',
      ...(forest ? ['--connector', dnsDomain(forest)] : []),
      '--config',
      this.configOf('connect'),
    ]);
  }

  connectStatus<T>(user?: string): Promise<T> {
    return this.#status('connect', connectAdministrationRoutes, user);
  }

  domainStatus<T>(user?: string): Promise<T> {
    return this.#status('domain', domainRoutes, user);
  }

  /** What `causeway NAME status [USER] --json` prints, without a process per look while the service runs. */
  async #status<T>(
    name: 'connect' | 'domain',
    { getStatus, getUserStatus }: { getStatus: Route; getUserStatus: Route },
    user?: string,
  ): Promise<T> {
    const service = serviceIn(this.stateOf(name), name);
    try {
      const asked =
        user === undefined
          ? callLocally(service, getStatus)
          : callLocally(service, getUserStatus, { params: { user } as never });
      return (await asked) as T;
    } catch (cause) {
      if (!(cause instanceof CausewayError) || cause.code !== 'not-running') throw cause;
      const command = [name, 'status', ...(user === undefined ? [] : [user])];
      return runCliJson<T>([...command, '--config', this.configOf(name)]);
    }
  }

  tenantStatus<T>(user?: string): Promise<T> {
    return runCliJson<T>(['tenant', 'status', ...(user ? [user] : []), ...this.remote]);
  }

  /** Stops the three services in an order in which nothing has to wait. */
  async close(): Promise<void> {
    for (const place of this.places) await place.stop();
    await this.proxy?.close();
  }

  #place(name: 'tenant' | 'connect' | 'domain', env: NodeJS.ProcessEnv = {}): Place {
    return new Place({
      name,
      args: [name, 'run', '--config', this.configOf(name)],
      logFile: this.logOf(name),
      env: { ...SERVICE_ENVIRONMENT, ...env },
      ready: () => listening(localSocketPath(this.stateOf(name))),
    });
  }
}
