import {
  type DirectoryIdentity,
  type DirectoryRoots,
  dnsNameOf,
  isReadOnlyController,
  openReplication,
  probePermissions,
  type ReplicationConnection,
  ReplicationError,
  readDirectoryIdentity,
  readDirectoryRoots,
  replicationGrantCommands,
} from '@causeway/active-directory';
import { type LdapConnection, LdapError, openLdap, readInvocationId, readRootDse } from '@causeway/ldap';
import { CausewayError, describeError, readSecret } from '@causeway/service';
import { accountName, type ConnectorConfiguration, splitAccount } from '../configuration.ts';
import type { ConnectorContext } from '../context.ts';
import { hasSeveral } from './controllers-of.ts';
import { checkRoots, DirectoryGuard } from './directory-guard.ts';

/** The timeout of a poll if there are other domain controllers. An answer takes no time, so none comes after this long. */
const POLL_PATIENCE_MS = 10_000;

/**
 * One connector's domain controller. Opens connections on first use and keeps them, because a sign-in is itself a change that would
 * wake the next poll. Its errors say what to do.
 */
export class DomainController {
  #connector: ConnectorConfiguration;
  readonly #timeoutMs: number;
  readonly #pollTimeoutMs: number;
  readonly #store: ConnectorContext['store'];
  /** The pinned directory, as the last connection found it. */
  #directory: DirectoryIdentity | undefined;
  #poll: LdapConnection | undefined;
  #ldap: LdapConnection | undefined;
  #replication: ReplicationConnection | undefined;
  #single: Promise<ReplicationConnection> | undefined;

  constructor({ connector, settings, store }: Pick<ConnectorContext, 'connector' | 'settings' | 'store'>) {
    this.#connector = connector;
    this.#timeoutMs = settings.timeoutMs;
    this.#pollTimeoutMs = hasSeveral(connector)
      ? Math.min(settings.timeoutMs, POLL_PATIENCE_MS)
      : settings.timeoutMs;
    this.#store = store;
  }

  /** The connector's entry with this domain controller's name, port and certificate. */
  get connector(): ConnectorConfiguration {
    return this.#connector;
  }

  /** Switches to another domain controller of the connector. */
  async use(connector: ConnectorConfiguration): Promise<void> {
    this.#connector = connector;
    await this.close();
  }

  /** The connection for importing objects. */
  async ldap(): Promise<LdapConnection> {
    if (!this.#ldap?.usable) this.#ldap = await this.#openLdap();
    return this.#ldap;
  }

  /** A separate connection for polling, so that a long import does not hold it up. */
  async poll(): Promise<{ connection: LdapConnection; fresh: boolean }> {
    if (this.#poll?.usable) return { connection: this.#poll, fresh: false };
    this.#poll = await this.#openLdap(this.#pollTimeoutMs);
    return { connection: this.#poll, fresh: true };
  }

  async invocationId(connection: LdapConnection): Promise<string> {
    return this.#saying(async () =>
      readInvocationId(connection, (await readRootDse(connection)).dsServiceName),
    );
  }

  async namingContext(): Promise<string> {
    await this.ldap();
    return this.#directory!.namingContext;
  }

  /** The connection for cycles. */
  async replication(): Promise<ReplicationConnection> {
    this.#replication ??= await this.openReplication();
    return this.#replication;
  }

  /** The connection for reading single users. Several callers may want it at once. */
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

  /** A further connection, which the caller closes. It checks the replies against what the domain controller just said over LDAPS. */
  async openReplication(): Promise<ReplicationConnection> {
    const { server, account, replicationPort } = this.#connector;
    await this.reach();
    return this.#saying(() =>
      openReplication({
        host: server,
        account: { ...splitAccount(account), password: passwordOf(this.#connector) },
        ...(replicationPort !== undefined && { port: replicationPort }),
        timeoutMs: this.#timeoutMs,
        directory: this.#directory!,
      }),
    );
  }

  /** Opens a connection, asks which directory it is and closes it. */
  async reach(): Promise<void> {
    const connection = await this.#openLdap();
    await connection.close();
  }

  /** Closes connections after a failure, because they may be unusable. */
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

  async #openLdap(timeoutMs?: number): Promise<LdapConnection> {
    const { connection, directory } = await this.openUnguarded(timeoutMs);
    try {
      this.#directory = new DirectoryGuard(this.#connector, this.#store).check(directory);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /**
   * A connection to a domain controller of the configured forest and domain, even if it is not the pinned one. The caller closes it.
   * Connect shows the account's password to no other forest or domain.
   */
  openUnguarded(
    timeoutMs: number = this.#timeoutMs,
  ): Promise<{ connection: LdapConnection; directory: DirectoryIdentity }> {
    return this.#saying(() => openSignedIn(this.#connector, timeoutMs));
  }

  async #saying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** Rewrites an error to name the connector's account or server, and what to do. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof LdapError || error instanceof ReplicationError)) return error;
    const { name, account, server } = this.#connector;
    const { code } = error;
    if (code === 'other-directory') {
      const text = `the domain controller '${server}' of connector '${name}' replicates another directory than the pinned one; nothing of it was used`;
      return new CausewayError('wrong-directory', text, { cause: error });
    }
    if (code === 'invalid-credentials' || code === 'logon-failure') {
      return new CausewayError(
        'connector-account',
        `the domain controller '${server}' rejects the account '${account}' of connector '${name}': its name or its password is wrong, or it is locked or expired\nTo set a new password:\n  causeway connect account create --server ${server} --ca FILE --admin ADMINISTRATOR --password-out FILE --reset-password`,
        { cause: error },
      );
    }
    if (code === 'access-denied') {
      // Only if a connection is open, because opening one may be what was denied.
      const rights =
        error instanceof LdapError && this.#ldap?.usable ? await this.missingRights() : undefined;
      return new CausewayError('access-denied', rights ?? describeError(error), { cause: error });
    }
    if (code === 'unreachable' || code === 'timeout' || code === 'closed' || code === 'certificate') {
      const text = `the domain controller '${server}' of connector '${name}' cannot be used`;
      return new CausewayError(`domain-controller-${code}`, text, { cause: error });
    }
    return error;
  }

  /** Which right the account lacks, where, and how to grant it. Undefined if that cannot be determined. */
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

/**
 * Connects without signing in, and checks whose domain controller it is.
 * @throws LdapError, CausewayError 'wrong-directory' or 'read-only-domain-controller'
 */
export async function openSignedOut(
  connector: ConnectorConfiguration,
  timeoutMs: number,
): Promise<{ connection: LdapConnection; roots: DirectoryRoots }> {
  const { server, ldapsPort, serverName, caFile } = connector;
  const connection = await openLdap({
    url: `ldaps://${server.includes(':') ? `[${server}]` : server}:${ldapsPort}`,
    caFile,
    ...(serverName !== undefined && { serverName }),
    timeoutMs,
  });
  try {
    const roots = await readDirectoryRoots(connection);
    checkRoots(connector, roots);
    if (await isReadOnlyController(connection, dnsNameOf(roots.namingContext))) throw readOnly(connector);
    return { connection, roots };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Like `openSignedOut`, then signs in. @throws as `openSignedOut`, and LdapError if the domain controller rejects the account */
export async function openSignedIn(
  connector: ConnectorConfiguration,
  timeoutMs: number,
): Promise<{ connection: LdapConnection; directory: DirectoryIdentity }> {
  const { connection, roots } = await openSignedOut(connector, timeoutMs);
  try {
    await connection.bind(connector.account, passwordOf(connector));
    return { connection, directory: await readDirectoryIdentity(connection, roots) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

const passwordOf = ({ name, password }: ConnectorConfiguration): string =>
  readSecret(password, `the password of connector '${name}'`);

function readOnly({ name, server }: ConnectorConfiguration): CausewayError {
  const text = `the domain controller '${server}' of connector '${name}' is a read-only one (RODC), which has only some of the passwords; a writable one expected`;
  return new CausewayError('read-only-domain-controller', text);
}
