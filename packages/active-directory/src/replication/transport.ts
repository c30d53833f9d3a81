import { connect, type Socket } from 'node:net';
import { type Association, type AssociationEvent, BindRejectedError } from '@causeway/protocols';
import { ReplicationError } from './replication-error.ts';
import { explainWindowsError } from './windows-errors.ts';

/** A reachable server accepts at once; one that is switched off should not cost a minute. */
const MAX_CONNECT_MS = 10_000;
/** A server that is switched off while a call waits is detected 10 s after this. */
const KEEP_ALIVE_MS = 10_000;

/** Fault statuses with which a server answers the first sealed call after it rejected the logon. */
const LOGON_FAULTS = new Set([0x5, 0x721, 0x1c01_000b]);

export interface RpcOptions {
  host: string;
  port: number;
  association: Association;
  /** Who logs on, if anybody. Then a failure of the first call can be one of the logon. */
  logon?: string;
  /** Longest silence while waiting for an answer. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

interface Waiting {
  resolve(stub: Uint8Array): void;
  reject(error: Error): void;
}

/** An association on a TCP socket. Makes one call at a time, and wipes everything when the connection closes. */
export class RpcConnection {
  readonly #options: RpcOptions;
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Calls that wait for an earlier one. */
  #queued = 0;
  #failure: Error | undefined;
  /** Whether a sealed answer came. Until then it is unknown whether the server accepted the logon. */
  #proven = false;
  #connected = false;
  #bound = false;
  #receivedSinceCall = 0;
  readonly #onAbort = (): void =>
    this.#fail(new ReplicationError('aborted', `the call to ${this.#name} was aborted`));

  /** Connects and binds. */
  static async open(options: RpcOptions): Promise<RpcConnection> {
    const connection = new RpcConnection(options);
    await connection.#bind();
    return connection;
  }

  private constructor(options: RpcOptions) {
    this.#options = options;
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.setTimeout(Math.min(options.timeoutMs, MAX_CONNECT_MS), () => this.#timedOut());
    this.#socket.once('connect', () => {
      this.#connected = true;
      this.#socket.setTimeout(options.timeoutMs);
      this.#socket.write(options.association.start());
    });
    this.#socket.on('data', chunk => this.#received(chunk));
    this.#socket.once('error', cause => this.#lost(cause));
    this.#socket.once('close', () => this.#lost());
    if (options.signal?.aborted) this.#onAbort();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * Sends a request and resolves with the answer's stub, which the caller wipes. Calls take turns. If none is pending, a call is sent
   * before this returns, so that the server works while the caller does.
   */
  call(opnum: number, stub: Uint8Array): Promise<Uint8Array> {
    let answer: Promise<Uint8Array>;
    if (this.#waiting === undefined && this.#queued === 0) answer = this.#send(opnum, stub);
    else {
      this.#queued++;
      answer = this.#last.then(() => {
        this.#queued--;
        return this.#send(opnum, stub);
      });
    }
    this.#last = answer.catch(() => {});
    return answer;
  }

  #send(opnum: number, stub: Uint8Array): Promise<Uint8Array> {
    const { promise, waiting } = this.#await();
    if (this.#failure) return promise;
    try {
      for (const pdu of this.#options.association.request(opnum, stub)) this.#socket.write(pdu);
    } catch (error) {
      this.#waiting = undefined;
      waiting.reject(error as Error);
    }
    return promise;
  }

  close(): void {
    this.#fail(new ReplicationError('closed', `the connection to ${this.#name} was closed on our side`));
  }

  get #name(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }

  async #bind(): Promise<void> {
    await this.#await().promise;
    this.#bound = true;
  }

  #await(): { promise: Promise<Uint8Array>; waiting: Waiting } {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const waiting = { resolve, reject };
    this.#receivedSinceCall = 0;
    if (this.#failure) reject(this.#failure);
    else this.#waiting = waiting;
    return { promise, waiting };
  }

  #received(chunk: Uint8Array): void {
    this.#receivedSinceCall += chunk.length;
    try {
      for (const event of this.#options.association.receive(chunk)) this.#handle(event);
    } catch (error) {
      this.#fail(this.#explain(error));
    } finally {
      chunk.fill(0);
    }
  }

  #handle(event: AssociationEvent): void {
    if (event.type === 'send') {
      this.#socket.write(event.bytes);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (event.type === 'fault') {
      if (this.#unproven && LOGON_FAULTS.has(event.status)) {
        this.#fail(this.#logonFailure(), waiting);
      } else {
        const status = `0x${event.status.toString(16).padStart(8, '0')}`;
        const explained = explainWindowsError(event.status);
        const message = `${this.#name} answered with a fault, status ${status}${explained ? `: ${explained}` : ''}`;
        waiting?.reject(new ReplicationError('fault', message, { werror: event.status }));
      }
      return;
    }
    if (event.type === 'response') this.#proven = true;
    const stub = event.type === 'response' ? event.stub : new Uint8Array(0);
    if (waiting) waiting.resolve(stub);
    else stub.fill(0);
  }

  get #unproven(): boolean {
    return this.#options.logon !== undefined && !this.#proven;
  }

  #logonFailure(): ReplicationError {
    const { host, logon } = this.#options;
    const advice = 'check name, domain and password, and that it is neither disabled, locked nor expired';
    const message = `${host} does not accept the logon of ${logon}: ${advice}`;
    return new ReplicationError('logon-failure', message);
  }

  #explain(cause: unknown): ReplicationError {
    if (cause instanceof BindRejectedError && cause.nakReason === undefined) {
      const message = `${this.#name} is no domain controller's replication service`;
      return new ReplicationError('not-a-dc', message, { cause });
    }
    return new ReplicationError('protocol', `${this.#name} sent what cannot be understood`, { cause });
  }

  #timedOut(): void {
    if (this.#connected && !this.#waiting) return;
    const seconds = this.#socket.timeout! / 1000;
    const what = this.#connected ? 'does not answer' : 'does not accept a connection';
    const code = this.#connected ? 'timeout' : 'unreachable';
    this.#fail(new ReplicationError(code, `${this.#name} ${what} within ${seconds} s`));
  }

  #lost(cause?: Error): void {
    if (this.#failure) return;
    if (!this.#connected) {
      this.#fail(new ReplicationError('unreachable', `cannot connect to ${this.#name}`, { cause }));
    } else if (this.#unproven && this.#waiting && this.#bound && this.#receivedSinceCall === 0) {
      this.#fail(this.#logonFailure());
    } else {
      this.#fail(new ReplicationError('closed', `${this.#name} closed the connection`, { cause }));
    }
  }

  #fail(error: Error, waiting = this.#waiting): void {
    this.#failure ??= error;
    this.#waiting = undefined;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
    this.#options.association.wipe();
    waiting?.reject(this.#failure);
  }
}
