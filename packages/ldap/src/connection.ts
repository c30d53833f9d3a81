import type { Socket } from 'node:net';
import {
  AddRequest,
  Attribute,
  BindRequest,
  Change,
  type Control,
  DeleteRequest,
  type Message,
  MessageParser,
  type MessageResponse,
  ModifyDNRequest,
  ModifyRequest,
  PagedResultsControl,
  SearchEntry,
  SearchReference,
  SearchRequest,
  UnbindRequest,
} from 'ldapts';
import { MAX_COOKIE_LENGTH } from './controls.ts';
import { parentDn, rdnText } from './dn.ts';
import { decodeEntry, encodeValues, type LdapAttributes, type LdapEntry } from './entry.ts';
import { EntryStream } from './entry-stream.ts';
import { TextFilter } from './filter.ts';
import { LdapError, resultError } from './ldap-error.ts';
import { MessageSplitter } from './message-splitter.ts';
import { openTransport, type Transport, type TransportOptions } from './transport.ts';

/** Most objects that one search keeps in memory. */
export const MAX_ENTRIES = 200_000;

export interface LdapOptions extends TransportOptions {
  /** DN or user principal name. Left out: no bind is sent at all, as Samba's privileged socket wants it. */
  bind?: { dn: string; password: string };
}

export interface SearchOptions {
  /** `sub` by default. */
  scope?: 'base' | 'one' | 'sub';
  /** RFC 4515 text; values by `filterEscape`. `(objectClass=*)` by default. */
  filter?: string;
  /** All user attributes when left out. */
  attributes?: readonly string[];
  sizeLimit?: number;
  /** Milliseconds without a byte before the search is given up, where it is not the connection's. */
  timeoutMs?: number;
  controls?: readonly Control[];
}

export interface LdapChange {
  operation: 'add' | 'delete' | 'replace';
  attribute: string;
  /** None: `replace` and `delete` take the whole attribute away. */
  values: readonly (string | Uint8Array)[];
}

interface Pending {
  message: Message;
  what: string;
  attributes: readonly string[];
  /** What becomes of an entry of a search's answer. */
  take(entry: LdapEntry): void;
  resolve(response: MessageResponse): void;
  reject(error: LdapError): void;
  timer: NodeJS.Timeout;
}

/** Type names of ldapts, by the operation that a request's answer must have. */
const ANSWER_OF: Record<number, number> = {
  96: 97, // bind
  99: 101, // search
  102: 103, // modify
  104: 105, // add
  74: 107, // delete
  108: 109, // modify DN
};

/** @throws LdapError see `LdapErrorCode`; nothing is left open then. */
export async function openLdap(options: LdapOptions): Promise<LdapConnection> {
  const connection = new LdapConnection(await openTransport(options), options.timeoutMs);
  if (options.bind) {
    try {
      await connection.bind(options.bind.dn, options.bind.password);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
  return connection;
}

/**
 * One connection, one operation at a time: calls made meanwhile wait in line, because Samba's privileged socket was
 * seen to hang with several in flight. A connection that failed stays failed; connecting again is the caller's.
 */
export class LdapConnection {
  readonly peer: string;
  readonly timeoutMs: number;
  readonly #socket: Socket;
  readonly #splitter = new MessageSplitter();
  readonly #parser = new MessageParser();
  #pending: Pending | undefined;
  #line: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #failure: LdapError | undefined;

  constructor(transport: Transport, timeoutMs: number) {
    this.peer = transport.peer;
    this.#socket = transport.socket;
    this.timeoutMs = timeoutMs;
    this.#parser.on('message', message => this.#received(message));
    this.#parser.on('error', cause => this.#garbled(cause));
    this.#socket.on('data', chunk => this.#read(chunk as Buffer));
    this.#socket.on('error', cause => this.#fail(this.#gone(cause)));
    this.#socket.on('close', () => this.#fail(this.#gone()));
  }

  /** False after any failure of the connection itself and after `close`. */
  get usable(): boolean {
    return this.#failure === undefined;
  }

  /** Simple bind. An empty password is refused here: a server takes it for an anonymous bind and says success. */
  async bind(name: string, password: string): Promise<void> {
    const what = `sign-in of '${name}' at ${this.peer}`;
    if (name === '' || password === '') {
      throw new LdapError(
        'invalid-credentials',
        `${what}: a name and a password expected, an empty one came`,
      );
    }
    await this.#ask(what, messageId => new BindRequest({ messageId, dn: name, password }));
  }

  /**
   * @param base DN, `<GUID=…>` or `<SID=…>`
   * @throws LdapError `limit` when more than `MAX_ENTRIES` objects come: use `searchPages`.
   */
  async search(base: string, options: SearchOptions = {}): Promise<LdapEntry[]> {
    return (await this.#search(base, options, [])).entries;
  }

  /**
   * The same in batches, as they arrive: for an answer that the server gives in one piece, however large. While the reader is busy
   * with a batch the server has to wait. A reader who leaves in the middle leaves a connection that is of no use any more.
   */
  async *searchBatches(
    base: string,
    options: SearchOptions & { batchSize?: number } = {},
  ): AsyncGenerator<LdapEntry[], void> {
    const stream = new EntryStream(options.batchSize ?? 500, behind => {
      if (behind) this.#socket.pause();
      else this.#socket.resume();
    });
    const answer = this.#search(base, options, [], entry => stream.push(entry));
    void answer.then(
      () => stream.end(),
      (error: unknown) => stream.end({ error }),
    );
    try {
      yield* stream.batches();
    } finally {
      if (!stream.ended) {
        const what = `the connection to ${this.peer} was left in the middle of an answer`;
        this.#fail(new LdapError('closed', what));
      }
    }
  }

  /** The same, page by page (RFC 2696), so that memory does not grow with the number of objects. */
  async *searchPages(
    base: string,
    options: SearchOptions & { pageSize?: number } = {},
  ): AsyncGenerator<LdapEntry[]> {
    const size = options.pageSize ?? 1000;
    const paging = new PagedResultsControl({ critical: true, value: { size } });
    for (;;) {
      const { entries, response } = await this.#search(base, options, [paging]);
      yield entries;
      const cookie = response.controls?.find(control => control instanceof PagedResultsControl)?.value
        ?.cookie;
      if (!cookie?.length) return;
      if (cookie.length > MAX_COOKIE_LENGTH)
        throw new LdapError('limit', `${this.peer} sent a page cookie too long`);
      paging.value = { size, cookie };
    }
  }

  async modify(dn: string, changes: readonly LdapChange[], controls: readonly Control[] = []): Promise<void> {
    const list = changes.map(
      ({ operation, attribute, values }) =>
        new Change({
          operation,
          modification: new Attribute({ type: attribute, values: encodeValues(values) }),
        }),
    );
    await this.#ask(
      `modify of '${dn}'`,
      messageId => new ModifyRequest({ messageId, dn, changes: list, controls: [...controls] }),
    );
  }

  async add(dn: string, attributes: LdapAttributes, controls: readonly Control[] = []): Promise<void> {
    const list = Object.entries(attributes).map(
      ([type, values]) =>
        new Attribute({ type, values: encodeValues(Array.isArray(values) ? values : [values]) }),
    );
    await this.#ask(
      `add of '${dn}'`,
      messageId => new AddRequest({ messageId, dn, attributes: list, controls: [...controls] }),
    );
  }

  async delete(dn: string, controls: readonly Control[] = []): Promise<void> {
    await this.#ask(
      `delete of '${dn}'`,
      messageId => new DeleteRequest({ messageId, dn, controls: [...controls] }),
    );
  }

  /** Renames or moves; `newDn` is the whole new name. The parent is sent even when it stays, so `<GUID=…>` works too. */
  async modifyDn(dn: string, newDn: string, controls: readonly Control[] = []): Promise<void> {
    await this.#ask(
      `rename of '${dn}'`,
      messageId =>
        new ModifyDNRequest({
          messageId,
          dn,
          newRdn: rdnText(newDn),
          newSuperior: parentDn(newDn),
          deleteOldRdn: true,
          controls: [...controls],
        }),
    );
  }

  /** Ends the connection; what still waits fails with `closed`. */
  async close(): Promise<void> {
    if (this.#failure === undefined) {
      this.#socket.write(new UnbindRequest({ messageId: ++this.#lastId }).write());
      this.#fail(new LdapError('closed', `the connection to ${this.peer} was closed by its user`));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #search(base: string, options: SearchOptions, extra: Control[], take?: (entry: LdapEntry) => void) {
    const filter = new TextFilter(options.filter ?? '(objectClass=*)');
    const entries: LdapEntry[] = [];
    const response = await this.#ask(
      `search in '${base}'`,
      messageId =>
        new SearchRequest({
          messageId,
          baseDN: base,
          scope: options.scope ?? 'sub',
          filter,
          attributes: [...(options.attributes ?? [])],
          sizeLimit: options.sizeLimit ?? 0,
          timeLimit: 0,
          controls: [...(options.controls ?? []), ...extra],
        }),
      take ?? (entry => this.#keep(entries, entry, base)),
      options,
    );
    return { entries, response };
  }

  /** Waits for its turn, sends one request and waits for its answer. */
  #ask(
    what: string,
    build: (messageId: number) => Message,
    take: (entry: LdapEntry) => void = () => {},
    { attributes = [], timeoutMs = this.timeoutMs }: Pick<SearchOptions, 'attributes' | 'timeoutMs'> = {},
  ): Promise<MessageResponse> {
    const turn = this.#line.then(async () => {
      if (this.#failure) throw this.#failure;
      const message = build(++this.#lastId);
      const response = await new Promise<MessageResponse>((resolve, reject) => {
        const timer: NodeJS.Timeout = setTimeout(() => {
          // While it is we who are behind, nobody is late; timers come before what lies in the socket, so that is read first.
          const before = this.#socket.bytesRead;
          setImmediate(() => {
            if (this.#pending?.timer !== timer) return;
            if (this.#socket.isPaused() || this.#socket.bytesRead !== before) timer.refresh();
            else this.#fail(this.#late(what, timeoutMs));
          });
        }, timeoutMs);
        this.#pending = { message, what, take, attributes, resolve, reject, timer };
        this.#socket.write(message.write());
      });
      if (response.status !== 0) throw resultError(what, response.status, response.errorMessage);
      return response;
    });
    this.#line = turn.catch(() => {});
    return turn;
  }

  #read(chunk: Buffer): void {
    if (this.#failure) return;
    try {
      for (const message of this.#splitter.push(chunk)) {
        this.#parser.read(message, this.#requests());
        if (this.#failure) return;
      }
    } catch (cause) {
      this.#garbled(cause as Error);
    }
  }

  /** The parser reads an answer's controls into those of its request. */
  #requests(): Map<string, { message: Message }> {
    const pending = this.#pending;
    return new Map(pending ? [[String(pending.message.messageId), { message: pending.message }]] : []);
  }

  #received(message: MessageResponse): void {
    const pending = this.#pending;
    if (message.messageId === 0) {
      // RFC 4511 4.4.1: notice of disconnection, with its reason.
      this.#fail(resultError(`connection to ${this.peer}`, message.status, message.errorMessage));
    } else if (message.messageId !== pending?.message.messageId) {
      this.#garbled(new Error(`an answer to message ${message.messageId}, which nobody sent`));
    } else if (message instanceof SearchEntry || message instanceof SearchReference) {
      pending.timer.refresh();
      if (message instanceof SearchEntry) pending.take(decodeEntry(message, pending.attributes));
    } else if (message.protocolOperation !== ANSWER_OF[pending.message.protocolOperation]) {
      this.#garbled(new Error(`operation ${message.protocolOperation} in answer to ${pending.what}`));
    } else {
      this.#pending = undefined;
      clearTimeout(pending.timer);
      pending.resolve(message);
    }
  }

  #keep(entries: LdapEntry[], entry: LdapEntry, base: string): void {
    if (entries.length < MAX_ENTRIES) entries.push(entry);
    else {
      const text = `search in '${base}' brought more than ${MAX_ENTRIES} objects: read page by page`;
      this.#fail(new LdapError('limit', text));
    }
  }

  #garbled(cause: Error): void {
    if (cause instanceof LdapError) this.#fail(cause);
    else
      this.#fail(new LdapError('protocol', `${this.peer} sent what is no LDAP: ${cause.message}`, { cause }));
  }

  #late(what: string, timeoutMs: number): LdapError {
    return new LdapError('timeout', `${what}: ${this.peer} did not answer within ${timeoutMs} ms: try again`);
  }

  #gone(cause?: Error): LdapError {
    const where = this.#splitter.cutOff ? 'in the middle of a message' : 'before the answer came';
    const when = this.#pending ? `${this.#pending.what}: ` : '';
    return new LdapError('closed', `${when}the connection to ${this.peer} ended ${where}: connect again`, {
      cause,
    });
  }

  #fail(error: LdapError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#socket.end();
    this.#socket.destroySoon();
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) {
      clearTimeout(pending.timer);
      pending.reject(error);
    }
  }
}
