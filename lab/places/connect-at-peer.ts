import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PeerUser, ProvisioningPeer } from '@causeway/connect/testing';
import { ntHash, verifyCloudCredential } from '@causeway/credentials';
import { localSocketPath } from '@causeway/service';
import { administratorPasswordFile, DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser } from '../domains/users.ts';
import { listening, Place } from './place.ts';
import { runCliJson } from './run-cli.ts';

/**
 * Connect as a process that reads the lab's first domain with its own account, a scripted tenant, and people of one test. Other tests share
 * the domain, so `close` deletes its people and the account.
 */
export class ConnectAtPeer {
  readonly domain = DOMAINS.onprem;
  readonly lab = describeDomain(this.domain);
  /** Part of the name of each person that it makes. */
  readonly run = randomBytes(3).toString('hex');
  readonly folder = mkdtempSync(join(tmpdir(), 'causeway-connect-'));
  readonly state = join(this.folder, 'state');
  readonly config = join(this.folder, 'connect.yaml');
  readonly logFile = join(this.folder, 'connect.log');
  readonly account = `cw-${this.run}`;
  readonly peer: ProvisioningPeer;
  readonly service = new Place({
    name: 'connect',
    args: ['connect', 'run', '--config', this.config],
    logFile: this.logFile,
    ready: () => listening(localSocketPath(this.state)),
  });
  readonly #made: string[] = [this.account];

  private constructor(peer: ProvisioningPeer) {
    this.peer = peer;
  }

  static async listen(): Promise<ConnectAtPeer> {
    return new ConnectAtPeer(await ProvisioningPeer.listen());
  }

  get #passwordFile(): string {
    return join(this.folder, 'connector.password');
  }

  /** Makes the account, and enrols a Connect with this configuration, which does not run yet. */
  async enrol(settings: Record<string, unknown> = {}): Promise<void> {
    const { address, caFile, dnsDomain } = this.lab;
    await runCliJson([
      ...['connect', 'account', 'create', '--server', address, '--ca', caFile],
      ...['--admin', `Administrator@${dnsDomain}`, '--admin-password-file'],
      ...[administratorPasswordFile(this.domain), '--password-out', this.#passwordFile],
      ...['--name', this.account],
    ]);
    this.configure({}, settings);
    await runCliJson(['connect', 'enrol', '--code-file', '-', '--config', this.config], {}, 'any');
  }

  /** @param connector changes of its connector */
  configure(connector: Record<string, unknown> = {}, settings: Record<string, unknown> = {}): void {
    const { address, caFile, dnsDomain } = this.lab;
    const own = {
      ...{ name: dnsDomain, forest: dnsDomain, server: address, caFile },
      account: `${this.account}@${dnsDomain}`,
      password: `file:${this.#passwordFile}`,
    };
    const configuration = {
      ...{ stateDirectory: this.state, tenant: { url: this.peer.url } },
      connectors: [{ ...own, ...connector }],
      ...settings,
    };
    writeFileSync(this.config, JSON.stringify(configuration)); // JSON is YAML
  }

  readonly cli = <T = Record<string, unknown>>(...args: string[]): Promise<T> =>
    runCliJson<T>(['connect', ...args, '--config', this.config]);

  /** A user of this run. */
  readonly user = async (name: string, options: { mustChange?: boolean } = {}) => {
    const sam = `${name}-${this.run}`;
    const password = randomPassword();
    await createUser(this.domain, { sam, password, ...options });
    this.#made.push(sam);
    return { sam, upn: `${sam}@${this.lab.dnsDomain}`, password };
  };

  readonly inTenant = (upn: string): PeerUser | undefined =>
    [...this.peer.users.values()].find(({ object }) => object.userPrincipalName === upn);

  readonly hasPassword = async (upn: string, password: string): Promise<boolean> => {
    const credential = this.inTenant(upn)?.credential;
    return credential !== undefined && verifyCloudCredential(credential.cloudCredential, ntHash(password));
  };

  async close(): Promise<void> {
    await this.service.kill();
    await this.peer.close();
    for (const sam of this.#made) await deleteUser(this.domain, sam).catch(() => {});
    rmSync(this.folder, { recursive: true });
  }
}
