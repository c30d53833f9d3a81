import { createServer, type Server, type Socket } from 'node:net';
import { ntHash } from '@causeway/credentials';
import { recorded, type TestCall, TestServer, type TestServerOptions } from '@causeway/protocols/testing';

export const ACCOUNT = { domain: 'SRC', username: 'svcsync', password: 'Sync-Passw0rd1' };

/** How a script reacts to a call: an answer, or something worse. */
export type Answer =
  | Uint8Array
  | { fault: number }
  | { raw: Uint8Array; close?: boolean }
  | 'close'
  | 'silence';

export type Script = (call: TestCall, dc: ScriptedDc) => Answer | Promise<Answer>;

/** A domain controller on loopback that follows a script; bind, logon and sealing are real. */
export class ScriptedDc {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** All calls so far, including DRSBind. */
  readonly calls: TestCall[] = [];
  /** The connection of the last call. */
  connection = new TestServer();

  static async start(script: Script, options: TestServerOptions = {}): Promise<ScriptedDc> {
    const { domain, username: user, password } = ACCOUNT;
    const dc = new ScriptedDc(script, { account: { domain, user, ntHash: ntHash(password) }, ...options });
    await new Promise<void>(resolve => dc.#server.listen(0, '127.0.0.1', resolve));
    return dc;
  }

  /** Without security, as the endpoint mapper. */
  static async startMapper(script: Script): Promise<ScriptedDc> {
    const dc = new ScriptedDc(script, {});
    await new Promise<void>(resolve => dc.#server.listen(0, '127.0.0.1', resolve));
    return dc;
  }

  private constructor(script: Script, options: TestServerOptions) {
    this.#server = createServer(socket => {
      const connection = new TestServer(options);
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', async chunk => {
        const { send, calls } = connection.receive(chunk);
        for (const bytes of send) socket.write(bytes);
        for (const call of calls) {
          this.calls.push(call);
          this.connection = connection;
          perform(socket, connection, await script(call, this));
        }
      });
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

function perform(socket: Socket, connection: TestServer, answer: Answer): void {
  if (answer === 'silence') return;
  if (answer === 'close') socket.destroy();
  else if (answer instanceof Uint8Array) for (const pdu of connection.respond(answer)) socket.write(pdu);
  else if ('fault' in answer) socket.write(connection.fault(answer.fault));
  else socket.write(answer.raw, () => answer.close && socket.destroy());
}

/** A script that answers the DRSBind as recorded and leaves the rest to another one. */
export function afterBind(script: Script): Script {
  return (call, dc) => (call.opnum === 0 ? recorded.DRS_BIND_REPLY : script(call, dc));
}
