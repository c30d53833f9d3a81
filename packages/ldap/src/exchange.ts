import type { Socket } from 'node:net';
import {
  type Message,
  MessageParser,
  type MessageResponse,
  SearchEntry,
  SearchReference,
  UnbindRequest,
} from 'ldapts';
import { decodeEntry, type LdapEntry } from './entry.ts';
import { LdapError, resultError } from './ldap-error.ts';
import { MessageSplitter } from './message-splitter.ts';
import type { Transport } from './transport.ts';

interface Pending {
  message: Message;
  what: string;
  attributes: readonly string[];
  cutsLongEntries: boolean;
  /** Called for each entry of a search's answer. */
  take(entry: LdapEntry): void;
  resolve(response: MessageResponse): void;
  reject(error: LdapError): void;
  timer: NodeJS.Timeout;
}

/** Operation tags (ldapts): for each request, the one that its answer must have. */
const ANSWER_OF: Record<number, number> = {
  96: 97, // bind
  99: 101, // search
  102: 103, // modify
  104: 105, // add
  74: 107, // delete
  108: 109, // modify DN
};

export interface AskOptions {
  attributes?: readonly string[];
  /** Milliseconds without a byte before the answer is given up, if they differ from the exchange's. */
  timeoutMs?: number;
  /** If true, an entry that is too long comes without its long attributes, and is marked so. Otherwise it is an error. */
  cutsLongEntries?: boolean;
  /** Called for each entry of a search's answer. */
  take?(entry: LdapEntry): void;
}

/** Requests and their answers over one socket, one at a time; further requests queue. After a failure it stays failed. */
export class Exchange {
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
    this.#socket.on('error', cause => this.fail(this.#gone(cause)));
    this.#socket.on('close', () => this.fail(this.#gone()));
  }

  /** False after any failure of the connection itself, and after `close`. */
  get usable(): boolean {
    return this.#failure === undefined;
  }

  /** Waits for its turn, sends one request and waits for the answer. @throws LdapError */
  ask(
    what: string,
    build: (messageId: number) => Message,
    {
      attributes = [],
      timeoutMs = this.timeoutMs,
      cutsLongEntries = false,
      take = () => {},
    }: AskOptions = {},
  ): Promise<MessageResponse> {
    const turn = this.#line.then(async () => {
      if (this.#failure) throw this.#failure;
      const message = build(++this.#lastId);
      const response = await new Promise<MessageResponse>((resolve, reject) => {
        const timer: NodeJS.Timeout = setTimeout(() => {
          // The server is not late while this side is behind. Timers fire before waiting socket data, so read that first.
          const before = this.#socket.bytesRead;
          setImmediate(() => {
            if (this.#pending?.timer !== timer) return;
            if (this.#socket.isPaused() || this.#socket.bytesRead !== before) timer.refresh();
            else this.fail(this.#late(what, timeoutMs));
          });
        }, timeoutMs);
        this.#pending = { message, what, take, attributes, cutsLongEntries, resolve, reject, timer };
        this.#socket.write(message.write());
      });
      if (response.status !== 0) throw resultError(what, response.status, response.errorMessage);
      return response;
    });
    this.#line = turn.catch(() => {});
    return turn;
  }

  /** Makes the server wait while the reader is behind. */
  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Unbinds and closes. Pending requests fail with `closed`. */
  close(): void {
    if (this.#failure === undefined) {
      this.#socket.write(new UnbindRequest({ messageId: ++this.#lastId }).write());
      this.fail(new LdapError('closed', `the connection to ${this.peer} was closed by its user`));
    }
  }

  /** Ends it: pending and later requests get this error. */
  fail(error: LdapError): void {
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

  #read(chunk: Buffer): void {
    if (this.#failure) return;
    try {
      // An answer that takes long to arrive is not late. While an entry is cut, only the arriving bytes show progress.
      if (this.#pending?.cutsLongEntries) this.#pending.timer.refresh();
      for (const message of this.#splitter.push(chunk, this.#pending?.cutsLongEntries)) {
        this.#parser.read(message, this.#requests());
        if (this.#failure) return;
      }
    } catch (cause) {
      this.#garbled(cause as Error);
    }
  }

  /** The parser writes an answer's controls into those of its request. */
  #requests(): Map<string, { message: Message }> {
    const pending = this.#pending;
    return new Map(pending ? [[String(pending.message.messageId), { message: pending.message }]] : []);
  }

  #received(message: MessageResponse): void {
    const pending = this.#pending;
    if (message.messageId === 0) {
      // RFC 4511 4.4.1: notice of disconnection, with its reason.
      this.fail(resultError(`connection to ${this.peer}`, message.status, message.errorMessage));
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

  #garbled(cause: Error): void {
    if (cause instanceof LdapError) this.fail(cause);
    else
      this.fail(new LdapError('protocol', `${this.peer} sent what is no LDAP: ${cause.message}`, { cause }));
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
}
