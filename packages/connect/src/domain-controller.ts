import {
  openReplication,
  probePermissions,
  type ReplicationConnection,
  ReplicationError,
  replicationGrantCommands,
} from '@causeway/active-directory';
import { type LdapConnection, LdapError, openLdap, readInvocationId, readRootDse } from '@causeway/ldap';
import { CausewayError, describeError, readSecret } from '@causeway/service';
import { accountName, type ConnectorConfiguration, splitAccount } from './configuration.ts';

/**
 * One connector's domain controller: connections are opened when they are first wanted and kept, because a sign-in is itself a
 * change that would wake the next poll. Errors come out in words that say what to do.
 */
export class DomainController {
  readonly #connector: ConnectorConfiguration;
  readonly #timeoutMs: number;
  #poll: LdapConnection | undefined;
  #ldap: LdapConnection | undefined;
  #namingContext: string | undefined;
  #replication: ReplicationConnection | undefined;
  #single: Promise<ReplicationConnection> | undefined;

  constructor(connector: ConnectorConfiguration, timeoutMs: number) {
    this.#connector = connector;
    this.#timeoutMs = timeoutMs;
  }

  /** The connection that objects are imported by. */
  async ldap(): Promise<LdapConnection> {
    if (!this.#ldap?.usable) this.#ldap = await this.#openLdap();
    return this.#ldap;
  }

  /** A connection of its own for polling, so that a long import does not hold it up. */
  async poll(): Promise<{ connection: LdapConnection; fresh: boolean }> {
    if (this.#poll?.usable) return { connection: this.#poll, fresh: false };
    this.#poll = await this.#openLdap();
    return { connection: this.#poll, fresh: true };
  }

  async invocationId(connection: LdapConnection): Promise<string> {
    return this.#saying(async () =>
      readInvocationId(connection, (await readRootDse(connection)).dsServiceName),
    );
  }

  async namingContext(): Promise<string> {
    this.#namingContext ??=
      this.#connector.namingContext ?? (await readRootDse(await this.ldap())).defaultNamingContext;
    return this.#namingContext;
  }

  /** The connection that cycles run on. */
  async replication(): Promise<ReplicationConnection> {
    this.#replication ??= await this.openReplication();
    return this.#replication;
  }

  /** The connection that single users are read by: several may want it at once. */
  single(): Promise<ReplicationConnection> {
    if (this.#single === undefined) {
      const opening = this.openReplication();
      this.#single = opening;
      opening.catch(() => {
        if (this.#single === opening) this.#single = undefined;
      });
    }
    return this.#single;
  }

  /** One more connection, the caller's to close. */
  openReplication(): Promise<ReplicationConnection> {
    const { server, account, replicationPort, password } = this.#connector;
    return this.#saying(() =>
      openReplication({
        host: server,
        account: { ...splitAccount(account), password: this.#password(password) },
        ...(replicationPort !== undefined && { port: replicationPort }),
        timeoutMs: this.#timeoutMs,
      }),
    );
  }

  /** Opens a connection, asks one question and closes it. */
  async reach(): Promise<void> {
    const connection = await this.#openLdap();
    try {
      await this.#saying(() => readRootDse(connection));
    } finally {
      await connection.close();
    }
  }

  /** After a failure: what is open may be of no use any more. */
  async drop(): Promise<void> {
    const open = [this.#ldap, this.#replication, this.#single];
    this.#ldap = undefined;
    this.#replication = undefined;
    this.#single = undefined;
    await Promise.allSettled(open.map(async connection => (await connection)?.close()));
  }

  async close(): Promise<void> {
    const poll = this.#poll;
    this.#poll = undefined;
    await Promise.allSettled([poll?.close(), this.drop()]);
  }

  #openLdap(): Promise<LdapConnection> {
    const { server, ldapsPort, serverName, caFile, account, password } = this.#connector;
    return this.#saying(() =>
      openLdap({
        url: `ldaps://${server.includes(':') ? `[${server}]` : server}:${ldapsPort}`,
        caFile,
        ...(serverName !== undefined && { serverName }),
        bind: { dn: account, password: this.#password(password) },
        timeoutMs: this.#timeoutMs,
      }),
    );
  }

  #password(reference: string): string {
    return readSecret(reference, `the password of connector '${this.#connector.name}'`);
  }

  async #saying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** The same error in the words of the connector: which account or server, and what to do. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof LdapError || error instanceof ReplicationError)) return error;
    const { name, account, server } = this.#connector;
    const { code } = error;
    if (code === 'invalid-credentials' || code === 'logon-failure') {
      return new CausewayError(
        'connector-account',
        `${server} refuses the account '${account}' of connector '${name}': check the account's name and the password that the configuration points to, or make both anew with 'causeway connect account create'`,
        { cause: error, status: 502 },
      );
    }
    if (code === 'access-denied') {
      const rights = error instanceof LdapError ? await this.missingRights() : undefined;
      return new CausewayError('access-denied', rights ?? describeError(error), {
        cause: error,
        status: 502,
      });
    }
    if (code === 'unreachable' || code === 'timeout' || code === 'closed' || code === 'certificate') {
      const text = `the domain controller '${server}' of connector '${name}' cannot be used`;
      return new CausewayError(`domain-controller-${code}`, text, {
        cause: error,
        retry: 'later',
        status: 502,
      });
    }
    return error;
  }

  /** Which right the account lacks, where, and how to grant it; undefined when that cannot be found out. */
  async missingRights(): Promise<string | undefined> {
    try {
      const namingContext = await this.namingContext();
      const account = accountName(this.#connector.account);
      const { missing } = await probePermissions(await this.ldap(), { namingContext, account });
      if (missing.length === 0) return undefined;
      const domain = this.#connector.domain ?? this.#connector.forest;
      const grant = replicationGrantCommands({ namingContext, account, domain, missing });
      return [
        `'${account}' lacks ${grant.rights.map(right => `'${right}'`).join(' and ')} on ${namingContext}; grant it on Windows with`,
        ...grant.windows.map(line => `  ${line}`),
        'or on a Samba domain controller with',
        ...grant.samba.map(line => `  ${line}`),
      ].join('\n');
    } catch {
      return undefined;
    }
  }
}
