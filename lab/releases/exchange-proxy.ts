import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ACCEPTS_HEADER, enrolmentRoutes, VERSION_HEADER } from '@causeway/contract';
import type { Exchange } from './exchange.ts';

/** Changes what an agent announces, and what it is answered. */
export interface Between {
  /** If not, the agent's request is answered with 404. */
  knows(method: string, path: string): boolean;
  accepts(said: string | null): string | null;
  answer(exchange: Exchange): Pick<Exchange, 'announced' | 'answer'>;
}

export interface ExchangeProxy {
  readonly url: string;
  /** Of agents alone, in the order of the answers. */
  readonly exchanges: Exchange[];
  close(): Promise<void>;
}

/** Passes each request of an agent on to the tenant, and keeps requests and answers. */
export async function exchangeProxy(target: string, between?: Between): Promise<ExchangeProxy> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, reply) => {
    pass(target, between, exchanges, request, reply).catch(() => reply.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(
  target: string,
  between: Between | undefined,
  exchanges: Exchange[],
  request: IncomingMessage,
  reply: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const { method = '', url: path = '' } = request;
  const header = (name: string): string | null => (request.headers[name] as string | undefined) ?? null;
  const version = header(VERSION_HEADER);
  if (version !== null && between && !between.knows(method, path)) {
    const error = { code: 'not-found', message: 'no such route' };
    reply.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    return;
  }
  const said = header(ACCEPTS_HEADER);
  const accepts = between ? between.accepts(said) : said;
  const headers = new Headers();
  for (const name of ['authorization', 'content-type', 'accept', VERSION_HEADER]) {
    const value = header(name);
    if (value !== null) headers.set(name, value);
  }
  if (accepts !== null) headers.set(ACCEPTS_HEADER, accepts);
  const gone = new AbortController();
  reply.on('close', () => gone.abort());
  const response = await fetch(target + path, {
    method,
    headers,
    ...(body !== '' && { body }),
    signal: gone.signal,
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json');
  if ((version === null && path !== enrolmentRoutes.enrol.path) || !json) {
    reply.writeHead(response.status, { 'content-type': response.headers.get('content-type') ?? '' });
    reply.end(text);
    return;
  }
  const seen: Exchange = {
    ...{ method, path, version, accepts: said, body: body === '' ? null : JSON.parse(body) },
    ...{ status: response.status, announced: response.headers.get(ACCEPTS_HEADER), answer: JSON.parse(text) },
  };
  const exchange = between ? { ...seen, ...between.answer(seen) } : seen;
  exchanges.push(exchange);
  const { announced } = exchange;
  reply.writeHead(response.status, {
    'content-type': 'application/json',
    ...(announced !== null && { [ACCEPTS_HEADER]: announced }),
  });
  reply.end(JSON.stringify(exchange.answer));
}
