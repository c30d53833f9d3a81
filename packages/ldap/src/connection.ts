import {
  AddRequest,
  Attribute,
  BindRequest,
  Change,
  type Control,
  DeleteRequest,
  ModifyDNRequest,
  ModifyRequest,
  PagedResultsControl,
  SearchRequest,
} from 'ldapts';
import { MAX_COOKIE_LENGTH } from './controls.ts';
import { parentDn, rdnText } from './dn.ts';
import { encodeValues, type LdapAttributes, type LdapEntry } from './entry.ts';
import { EntryStream } from './entry-stream.ts';
import { Exchange } from './exchange.ts';
import { TextFilter } from './filter.ts';
import { LdapError } from './ldap-error.ts';
import { openTransport, type Transport, type TransportOptions } from './transport.ts';

/** Most objects that one search keeps in memory. */
export const MAX_ENTRIES = 200_000;
/** Entries per batch. Larger ones take no less time, and fill the heap before the first collection. */
const BATCH = 100;

export interface LdapOptions extends TransportOptions {
  /** DN or user principal name. Without it no bind is sent at all, as Samba's privileged socket requires. */
  bind?: { dn: string; password: string };
}

export interface SearchOptions {
  /** `sub` by default. */
  scope?: 'base' | 'one' | 'sub';
  /** RFC 4515 text; values by `filterEscape`. `(objectClass=*)` by default. */
  filter?: string;
  /** All user attributes by default. */
  attributes?: readonly string[];
  sizeLimit?: number;
  /** Milliseconds without a byte before the search gives up, if they differ from the connection's. */
  timeoutMs?: number;
  /** If true, an entry that is too long for memory comes without its long attributes (`cut`). Otherwise it ends the connection. */
  cutsLongEntries?: boolean;
  controls?: readonly Control[];
}

export interface LdapChange {
  operation: 'add' | 'delete' | 'replace';
  attribute: string;
  /** Empty: `replace` and `delete` remove the whole attribute. */
  values: readonly (string | Uint8Array)[];
}

/** @throws LdapError see `LdapErrorCode`; nothing stays open then. */
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
 * One connection that runs one operation at a time. Further calls queue, because Samba's privileged socket hung with several in flight. A
 * failed connection stays failed, and the caller has to connect again.
 */
export class LdapConnection {
  readonly #exchange: Exchange;

  constructor(transport: Transport, timeoutMs: number) {
    this.#exchange = new Exchange(transport, timeoutMs);
  }

  get peer(): string {
    return this.#exchange.peer;
  }

  get timeoutMs(): number {
    return this.#exchange.timeoutMs;
  }

  /** False after any failure of the connection itself, and after `close`. */
  get usable(): boolean {
    return this.#exchange.usable;
  }

  /** Simple bind. Refuses an empty password, which a server would take for an anonymous bind and accept. */
  async bind(name: string, password: string): Promise<void> {
    const what = `sign-in of '${name}' at ${this.peer}`;
    if (name === '' || password === '') {
      throw new LdapError(
        'invalid-credentials',
        `${what}: a name and a password expected, an empty one came`,
      );
    }
    await this.#exchange.ask(what, messageId => new BindRequest({ messageId, dn: name, password }));
  }

  /**
   * @param base DN, `<GUID=…>` or `<SID=…>`
   * @throws LdapError `limit` if more than `MAX_ENTRIES` objects come: use `searchPages`.
   */
  async search(base: string, options: SearchOptions = {}): Promise<LdapEntry[]> {
    return (await this.#search(base, options, [])).entries;
  }

  /**
   * The same in batches, as they arrive, for a large answer that the server sends in one piece. While the reader works on a batch, the
   * server has to wait. If the reader leaves in the middle, the connection becomes unusable.
   */
  async *searchBatches(
    base: string,
    options: SearchOptions & { batchSize?: number } = {},
  ): AsyncGenerator<LdapEntry[], void> {
    const stream = new EntryStream(options.batchSize ?? BATCH, behind => this.#exchange.pause(behind));
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
        this.#exchange.fail(new LdapError('closed', what));
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

  /** @param timeoutMs time for the answer, if it takes longer than others */
  async modify(
    dn: string,
    changes: readonly LdapChange[],
    controls: readonly Control[] = [],
    timeoutMs?: number,
  ): Promise<void> {
    const list = changes.map(
      ({ operation, attribute, values }) =>
        new Change({
          operation,
          modification: new Attribute({ type: attribute, values: encodeValues(values) }),
        }),
    );
    await this.#exchange.ask(
      `modify of '${dn}'`,
      messageId => new ModifyRequest({ messageId, dn, changes: list, controls: [...controls] }),
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }

  async add(dn: string, attributes: LdapAttributes, controls: readonly Control[] = []): Promise<void> {
    const list = Object.entries(attributes).map(
      ([type, values]) =>
        new Attribute({ type, values: encodeValues(Array.isArray(values) ? values : [values]) }),
    );
    await this.#exchange.ask(
      `add of '${dn}'`,
      messageId => new AddRequest({ messageId, dn, attributes: list, controls: [...controls] }),
    );
  }

  async delete(dn: string, controls: readonly Control[] = []): Promise<void> {
    await this.#exchange.ask(
      `delete of '${dn}'`,
      messageId => new DeleteRequest({ messageId, dn, controls: [...controls] }),
    );
  }

  /** Renames or moves; `newDn` is the whole new name. Sends the parent even if it stays the same, so `<GUID=…>` works too. */
  async modifyDn(dn: string, newDn: string, controls: readonly Control[] = []): Promise<void> {
    await this.#exchange.ask(
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

  /** Ends the connection. Pending calls fail with `closed`. */
  async close(): Promise<void> {
    this.#exchange.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #search(base: string, options: SearchOptions, extra: Control[], take?: (entry: LdapEntry) => void) {
    const filter = new TextFilter(options.filter ?? '(objectClass=*)');
    const entries: LdapEntry[] = [];
    const response = await this.#exchange.ask(
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
      { ...options, take: take ?? (entry => this.#keep(entries, entry, base)) },
    );
    return { entries, response };
  }

  #keep(entries: LdapEntry[], entry: LdapEntry, base: string): void {
    if (entries.length < MAX_ENTRIES) entries.push(entry);
    else {
      const text = `search in '${base}' brought more than ${MAX_ENTRIES} objects: read page by page`;
      this.#exchange.fail(new LdapError('limit', text));
    }
  }
}
