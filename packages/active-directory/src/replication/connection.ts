import {
  type CrackedName,
  type DomainControllerInfo,
  DrsOpnum,
  DrsOption,
  decodeCrackNamesReply,
  decodeDomainControllerInfoReply,
  decodeReply,
  decodeReplyHeader,
  EXOP_REPL_OBJ,
  EXOP_SUCCESS,
  encodeCrackNames,
  encodeDomainControllerInfo,
  NameFormat,
} from '@causeway/protocols';
import type { Guid } from '@causeway/wire';
import { ReplicationRight } from '../account/grant-commands.ts';
import { accessDenied } from './access-denied.ts';
import { HARMLESS_ATTRIBUTE_SET } from './attributes.ts';
import { replicationCycle } from './cycle.ts';
import { decodeUser } from './decode-user.ts';
import { DrsSession } from './drs-session.ts';
import type {
  CycleOptions,
  ReplicatedUser,
  ReplicationAccount,
  ReplicationConnection,
  ReplicationOptions,
  ReplicationPage,
} from './replication.ts';
import { ReplicationError, Werror } from './replication-error.ts';

const NO_SUCH_OBJECT: ReadonlySet<number | undefined> = new Set([
  Werror.objectNotFound,
  Werror.badDistinguishedName,
]);
const NO_SUCH_DOMAIN: ReadonlySet<number | undefined> = new Set([
  ...NO_SUCH_OBJECT,
  Werror.badNamingContext,
  Werror.notReplicated,
]);

/**
 * Connects to a DC's replication service and logs on. If the caller names a directory, the DC must first show that it serves it. Otherwise
 * a user whom the caller asks for by GUID would merely seem not to exist.
 *
 * @throws ReplicationError
 */
export async function openReplication(options: ReplicationOptions): Promise<ReplicationConnection> {
  const connection = new Connection(await DrsSession.open(options), options.account);
  try {
    await connection.confirmDirectory();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class Connection implements ReplicationConnection {
  readonly #session: DrsSession;
  readonly #account: Pick<ReplicationAccount, 'domain' | 'username'>;

  constructor(session: DrsSession, { domain, username }: ReplicationAccount) {
    this.#session = session;
    this.#account = { domain, username };
  }

  /** Asks for the domain's head by its GUID, and for none of its secrets. @throws ReplicationError `other-directory` */
  async confirmDirectory(): Promise<void> {
    const { directory, host } = this.#session;
    if (directory === undefined) return;
    try {
      const stub = await this.#session.getChanges({
        object: { guid: directory.domainGuid },
        flags: DrsOption.initialSync | DrsOption.writableReplica,
        maxObjects: 1,
        extendedOperation: EXOP_REPL_OBJ,
        attributes: HARMLESS_ATTRIBUTE_SET,
      });
      const { namingContext } = this.#session.decoding(stub, decodeReplyHeader);
      this.#session.checkNamingContext(namingContext);
    } catch (error) {
      if (!(error instanceof ReplicationError) || !NO_SUCH_DOMAIN.has(error.werror)) {
        throw await this.#explain(error);
      }
      const text = `${host} does not have the domain ${directory.domainSid} (objectGUID ${directory.domainGuid})`;
      throw new ReplicationError('other-directory', text, { werror: error.werror! });
    }
  }

  async *replicateChanges(options: CycleOptions): AsyncGenerator<ReplicationPage, void, undefined> {
    try {
      yield* replicationCycle(this.#session, options);
    } catch (error) {
      throw await this.#explain(error, options.namingContext);
    }
  }

  async replicateObject(
    object: { objectGuid: Guid } | { distinguishedName: string },
  ): Promise<ReplicatedUser | undefined> {
    let stub: Uint8Array;
    try {
      stub = await this.#session.getChanges({
        object: 'objectGuid' in object ? { guid: object.objectGuid } : { name: object.distinguishedName },
        flags: DrsOption.initialSync | DrsOption.writableReplica,
        maxObjects: 1,
        extendedOperation: EXOP_REPL_OBJ,
      });
    } catch (error) {
      if (error instanceof ReplicationError && NO_SUCH_OBJECT.has(error.werror)) return undefined;
      throw await this.#explain(error);
    }
    const { extendedResult, objects, prefixTable } = this.#session.decoding(stub, decodeReply);
    try {
      if (extendedResult !== EXOP_SUCCESS) {
        const message = `${this.#session.host} refuses to replicate the object: extended result ${extendedResult}`;
        throw new ReplicationError('refused', message);
      }
      return objects[0] && decodeUser(objects[0], prefixTable, this.#session);
    } finally {
      stub.fill(0);
    }
  }

  async crackNames(request: {
    offered: NameFormat;
    desired: NameFormat;
    names: readonly string[];
  }): Promise<CrackedName[]> {
    const stub = encodeCrackNames({ ...request, handle: this.#session.handle });
    const { names, status } = await this.#session.call(DrsOpnum.crackNames, stub, decodeCrackNamesReply);
    if (status !== 0) throw this.#session.refused(status);
    return names;
  }

  async domainControllerInfo(domain: string): Promise<DomainControllerInfo[]> {
    const stub = encodeDomainControllerInfo({ domain, handle: this.#session.handle });
    const reply = await this.#session.call(
      DrsOpnum.domainControllerInfo,
      stub,
      decodeDomainControllerInfoReply,
    );
    if (reply.status !== 0) throw this.#session.refused(reply.status);
    return reply.controllers;
  }

  async accountNamingContext(): Promise<string> {
    const { domain, username } = this.#account;
    const forms = [
      { offered: NameFormat.nt4Account, name: `${domain}\\${username}` },
      { offered: NameFormat.userPrincipalName, name: domain === '' ? username : `${username}@${domain}` },
    ];
    for (const { offered, name } of domain === '' ? forms.slice(1) : forms) {
      const [found] = await this.crackNames({
        offered,
        desired: NameFormat.distinguishedName,
        names: [name],
      });
      const context = found?.name && domainPart(found.name);
      if (context) return context;
    }
    const message = `${this.#session.host} does not say in which domain ${username} is: name the naming context`;
    throw new ReplicationError('refused', message);
  }

  /** Turns a denial into what to do about it. A probe tells the rights apart: names alone need only the first. */
  async #explain(error: unknown, namingContext?: string): Promise<unknown> {
    if (!(error instanceof ReplicationError) || error.werror !== Werror.accessDenied) return error;
    try {
      const context = namingContext ?? (await this.accountNamingContext());
      const { getChanges, getChangesAll } = ReplicationRight;
      const missing = (await this.#mayReadNames(context)) ? [getChangesAll] : [getChanges, getChangesAll];
      return accessDenied({
        host: this.#session.host,
        namingContext: context,
        account: this.#account,
        missing,
      });
    } catch {
      return error;
    }
  }

  async #mayReadNames(namingContext: string): Promise<boolean> {
    try {
      const stub = await this.#session.getChanges({
        object: { name: namingContext },
        flags: DrsOption.initialSync | DrsOption.writableReplica,
        maxObjects: 1,
        attributes: HARMLESS_ATTRIBUTE_SET,
      });
      stub.fill(0);
      return true;
    } catch (error) {
      if (error instanceof ReplicationError && error.werror === Werror.accessDenied) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The naming context of a DN: its last components, all of them DC. */
function domainPart(distinguishedName: string): string | undefined {
  return /(?<!\\),(DC=[^,]+(?:,DC=[^,]+)*)$/i.exec(distinguishedName)?.[1];
}
