import { randomBytes } from 'node:crypto';
import { ntHash } from '@causeway/credentials';
import {
  Association,
  BindTimeFeature,
  DRSUAPI_INTERFACE,
  DrsExtension,
  DrsOpnum,
  type DsName,
  decodeDrsBindReply,
  decodeReplyHeader,
  decodeReplyStatus,
  encodeDrsBind,
  encodeGetNCChanges,
  type GetNCChangesRequest,
  NtlmClient,
} from '@causeway/protocols';
import { dateToFiletime, decodeSid } from '@causeway/wire';
import { ATTRIBUTE_PREFIXES, ATTRIBUTE_SETS } from './attributes.ts';
import { findReplicationPort } from './endpoint.ts';
import type { ReplicatedDirectory, ReplicationOptions } from './replication.ts';
import { ReplicationError, Werror } from './replication-error.ts';
import { RpcConnection } from './transport.ts';
import { describeWerror } from './windows-errors.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Sent with each request. Windows heeds it, Samba does not. */
const MAX_PAGE_BYTES = 10 * 1024 * 1024;

/** No compression; strong encryption, without which a DC sends no secrets. */
const EXTENSIONS =
  DrsExtension.base |
  DrsExtension.strongEncryption |
  DrsExtension.getChangesRequestV6 |
  DrsExtension.getChangesRequestV8 |
  DrsExtension.getChangesReplyV6 |
  DrsExtension.getChangesRequestV10;

/** What a caller of GetNCChanges chooses. The session fills in the rest. */
export type ChangesRequest = Omit<
  GetNCChangesRequest,
  'level' | 'handle' | 'maxBytes' | 'prefixes' | 'attributes'
> & { attributes?: GetNCChangesRequest['attributes'] };

/** A bound drsuapi connection: its calls, with failures as ReplicationErrors. */
export class DrsSession {
  readonly host: string;
  /** The key that secret attributes are encrypted with; a copy that lives until `close`. */
  readonly sessionKey: Uint8Array;
  /** The directory that the caller expects; undefined: any. */
  readonly directory: ReplicatedDirectory | undefined;
  readonly #rpc: RpcConnection;
  #handle: Uint8Array = new Uint8Array(0);
  #level: 8 | 10 = 8;
  #withPrefixes = false;

  /** Endpoint mapper, NTLM with packet privacy, DRSBind. */
  static async open(options: ReplicationOptions): Promise<DrsSession> {
    const { host, account, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const port = options.port ?? (await findReplicationPort({ host, timeoutMs, signal }));
    const hash = ntHash(account.password);
    const security = new NtlmClient({
      domain: account.domain,
      user: account.username,
      ntHash: hash,
      targetName: `ldap/${host}`,
      clientChallenge: randomBytes(8),
      exportedSessionKey: randomBytes(16),
      now: dateToFiletime(new Date()),
    });
    hash.fill(0);
    const sessionKey = security.sessionKey.slice();
    const bindTimeFeatures =
      BindTimeFeature.securityContextMultiplexing | BindTimeFeature.keepConnectionOnOrphan;
    const association = new Association({ interface: DRSUAPI_INTERFACE, security, bindTimeFeatures });
    const logon = account.domain === '' ? account.username : `${account.domain}\\${account.username}`;
    const rpc = await RpcConnection.open({ host, port, association, logon, timeoutMs, signal });
    const session = new DrsSession(options, rpc, sessionKey);
    try {
      await session.#bind();
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  private constructor(
    { host, directory }: Pick<ReplicationOptions, 'host' | 'directory'>,
    rpc: RpcConnection,
    sessionKey: Uint8Array,
  ) {
    this.host = host;
    this.directory = directory;
    this.sessionKey = sessionKey;
    this.#rpc = rpc;
  }

  get handle(): Uint8Array {
    return this.#handle;
  }

  /** IDL_DRSBind. Binds a second time if a renamed domain has another replication epoch ([MS-DRSR] 5.39). */
  async #bind(): Promise<void> {
    let replicationEpoch = 0;
    for (let attempt = 0; attempt < 2; attempt++) {
      const stub = encodeDrsBind({ flags: EXTENSIONS, replicationEpoch });
      const { extensions, handle, status } = await this.call(DrsOpnum.bind, stub, decodeDrsBindReply);
      if (status !== 0) throw this.refused(status);
      this.#handle = handle;
      this.#level = (extensions.flags & DrsExtension.getChangesRequestV10) !== 0 ? 10 : 8;
      if (extensions.replicationEpoch === replicationEpoch) return;
      replicationEpoch = extensions.replicationEpoch;
    }
    throw new ReplicationError('protocol', `${this.host} changes its replication epoch from bind to bind`);
  }

  /** One call. Decodes its reply, then overwrites it. */
  async call<T>(opnum: number, stub: Uint8Array, decode: (stub: Uint8Array) => T): Promise<T> {
    const reply = await this.#rpc.call(opnum, stub);
    try {
      return this.decoding(reply, decode);
    } finally {
      reply.fill(0);
    }
  }

  /**
   * One GetNCChanges call. If a DC does not know our attribute types by its own prefix table, repeats the call with ours, and uses ours
   * from then on.
   *
   * @returns the stub of a successful reply, which the caller decodes and wipes
   */
  async getChanges(request: ChangesRequest): Promise<Uint8Array> {
    for (;;) {
      const stub = encodeGetNCChanges({
        ...request,
        attributes: request.attributes ?? ATTRIBUTE_SETS.all,
        level: this.#level,
        handle: this.#handle,
        maxBytes: MAX_PAGE_BYTES,
        prefixes: this.#withPrefixes ? ATTRIBUTE_PREFIXES : undefined,
      });
      const reply = await this.#rpc.call(DrsOpnum.getNCChanges, stub);
      const werror =
        this.decoding(reply, decodeReplyStatus) || this.decoding(reply, decodeReplyHeader).drsError;
      if (werror === 0) return reply;
      reply.fill(0);
      const tableWanted = werror === Werror.schemaMismatch || werror === Werror.invalidParameter;
      if (!tableWanted || this.#withPrefixes) throw this.refused(werror);
      this.#withPrefixes = true;
    }
  }

  /** Decodes a stub. What cannot be decoded is the DC's failure. */
  decoding<T>(stub: Uint8Array, decode: (stub: Uint8Array) => T): T {
    try {
      return decode(stub);
    } catch (cause) {
      stub.fill(0);
      throw new ReplicationError('protocol', `${this.host} sent what cannot be understood`, { cause });
    }
  }

  /**
   * INVARIANT: called with the naming context of every page before anything of the page is used.
   * @throws ReplicationError `other-directory`
   */
  checkNamingContext(came: DsName | undefined): void {
    if (this.directory === undefined) return;
    const { domainGuid, domainSid } = this.directory;
    const sid = came?.sid && decodeSid(came.sid);
    // The request named a GUID, so a reply has one. Not every reply has a SID.
    if (came?.guid === domainGuid && (sid === undefined || sid === domainSid)) return;
    const text = `${this.host} replicates another directory: the domain ${domainSid} (objectGUID ${domainGuid}) expected, ${came?.name ?? 'one without a name'} came with ${sid ?? 'no SID'} (objectGUID ${came?.guid ?? 'none'})`;
    throw new ReplicationError('other-directory', text);
  }

  refused(werror: number): ReplicationError {
    const code = werror === Werror.accessDenied ? 'access-denied' : 'refused';
    return new ReplicationError(code, `${this.host} refuses: ${describeWerror(werror)}`, { werror });
  }

  close(): void {
    this.sessionKey.fill(0);
    this.#rpc.close();
  }
}
