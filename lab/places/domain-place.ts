import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainStatus as Status } from '@causeway/contract';
import { type LdapConnection, openLdap } from '@causeway/ldap';
import { baseDn, type DomainLayout, domainLayout, stopDomain } from '@causeway/samba';
import { Place } from './place.ts';
import { runCliJson } from './run-cli.ts';

/** Domain Services of a test that plays the tenant itself, with a managed domain in a folder of its own. */
export class DomainPlace extends Place {
  readonly folder: string;
  readonly state: string;
  readonly realm: string;
  readonly netbios: string;
  readonly address: string;
  readonly base: string;
  readonly layout: DomainLayout;
  readonly #number: number;

  /** @param number in its names and its address, which no other test's may have */
  constructor(number: number) {
    const folder = mkdtempSync(join(tmpdir(), `causeway-domain${number}-`));
    const state = join(folder, 'state');
    super({
      name: 'domain',
      args: ['domain', 'run', '--state', state],
      logFile: join(folder, 'domain.log'),
      ready: async () => {
        const status = await runCliJson<Status>(['domain', 'status', '--state', state]);
        if (!status.following || !status.domain.running || status.trouble) throw new Error('not yet');
      },
    });
    this.#number = number;
    this.folder = folder;
    this.state = state;
    this.netbios = `AADDS${number}`;
    this.realm = `${this.netbios}.EXAMPLE.NET`;
    this.address = `127.0.0.${number}`;
    this.base = baseDn(this);
    this.layout = domainLayout(join(state, 'samba'));
  }

  readonly cli = <T = { message: string }>(...args: string[]): Promise<T> =>
    runCliJson<T>(['domain', ...args, '--state', this.state]);

  createArguments(tenantUrl: string): string[] {
    const codeFile = join(this.folder, 'code');
    writeFileSync(codeFile, 'once\n', { mode: 0o600 });
    const host = ['--host-name', `ds${this.#number}`, '--address', this.address];
    return [
      ...['--realm', this.realm, '--netbios', this.netbios, ...host],
      ...['--dns', 'none', '--tenant', tenantUrl, '--code-file', codeFile],
    ];
  }

  /** Makes the managed domain, whose service does not run yet. */
  create(tenantUrl: string, ...options: string[]): Promise<Record<string, unknown>> {
    return this.cli('create', ...this.createArguments(tenantUrl), ...options);
  }

  /** As the system. */
  async openLdap(): Promise<LdapConnection> {
    const ldap = await openLdap({ url: { socketPath: this.layout.ldapi }, timeoutMs: 20_000 });
    await ldap.search('', { scope: 'base', attributes: ['1.1'] }); // Samba disconnects a client that has asked nothing within two minutes
    return ldap;
  }

  /** Stops it and removes all of it. */
  async end(): Promise<void> {
    await this.stop();
    await stopDomain(this.layout);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
