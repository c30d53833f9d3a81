import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connectAdministrationRoutes, type Route } from '@causeway/contract';

type RouteName = keyof typeof connectAdministrationRoutes;

/** A request's content, checked against the contract. */
export interface Asked {
  readonly params: Record<string, string>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
}

/** The answers by route: a body, or something that the contract does not know. */
export type Script = { readonly [Name in RouteName]?: (asked: Asked) => unknown };

/** An answer outside the contract: a refusal, or bytes that no Connect would send. */
export class Raw {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string>;
  constructor(
    status: number,
    body: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A refusal in the contract's form. */
export const refusal = (status: number, code: string, message: string): Raw =>
  new Raw(status, JSON.stringify({ error: { code, message } }));

export interface PeerSettings {
  /** Path of a Unix socket, or TLS on loopback. */
  readonly listen:
    | { readonly socket: string }
    | { readonly cert: string; readonly key: string; readonly token: string; readonly host?: string };
}

/**
 * Stands in for Connect's admin API and answers as a test says. Requests and answers are checked against the contract, so that the module
 * and this peer cannot agree on something that Connect does not know.
 */
export class ConnectPeer {
  script: Script;
  /** For example `setScheduler`: the routes in the order of the requests, with what was sent. */
  readonly asked: { name: RouteName; asked: Asked }[] = [];
  /** The client's breaches of the contract. */
  readonly breaches: string[] = [];
  readonly #settings: PeerSettings;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(settings: PeerSettings, script: Script) {
    this.#settings = settings;
    this.script = script;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request).then(
        ({ status, headers, body }) => response.writeHead(status, headers).end(body),
        (error: Error) =>
          response.writeHead(500).end(JSON.stringify({ error: { code: 'peer', message: error.message } })),
      );
    };
    this.#server =
      'socket' in settings.listen
        ? createServer(answer)
        : createTlsServer({ cert: settings.listen.cert, key: settings.listen.key }, answer);
  }

  static async start(settings: PeerSettings, script: Script = {}): Promise<ConnectPeer> {
    const peer = new ConnectPeer(settings, script);
    const server = peer.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if ('socket' in settings.listen) server.listen(settings.listen.socket, resolve);
      else server.listen(0, settings.listen.host ?? '127.0.0.1', resolve);
    });
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<Raw> {
    const { listen } = this.#settings;
    if ('token' in listen && request.headers.authorization !== `Bearer ${listen.token}`)
      return refusal(401, 'not-authorized', 'a named token of this Connect expected');
    const url = new URL(request.url ?? '/', 'http://connect');
    const body = await readBody(request);
    for (const [name, route] of Object.entries(connectAdministrationRoutes) as [RouteName, Route][]) {
      const params = request.method === route.method ? match(route.path, url.pathname) : undefined;
      if (params === undefined) continue;
      return this.#play(name, route, {
        params: this.#checked(name, route.params, params) as Record<string, string>,
        query: this.#checked(name, route.query, Object.fromEntries(url.searchParams)) as Record<
          string,
          unknown
        >,
        body: this.#checked(name, route.body, body),
      });
    }
    this.breaches.push(`${request.method} ${url.pathname} is no route`);
    return refusal(404, 'no-such-route', 'there is nothing at this address');
  }

  #play(name: RouteName, route: Route, asked: Asked): Raw {
    this.asked.push({ name, asked });
    const reply = this.script[name]?.(asked);
    if (reply instanceof Raw) return reply;
    if (reply === undefined) return refusal(404, 'not-scripted', `the test has no answer for ${name}`);
    return new Raw(200, JSON.stringify(route.reply.parse(reply)));
  }

  #checked(name: RouteName, schema: Route['params'], value: unknown): unknown {
    if (schema === undefined) return value;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    this.breaches.push(`${name}: ${result.error.message}`);
    return value;
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** The path's parameters, or undefined if it is another path. */
function match(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split('/');
  const found = path.split('/');
  if (expected.length !== found.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of expected.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(found[i]!);
    else if (part !== found[i]) return undefined;
  }
  return params;
}
