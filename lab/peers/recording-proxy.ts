import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

export interface RecordingProxy {
  readonly url: string;
  readonly requests: RecordedRequest[];
  close(): Promise<void>;
}

/** Replaces an answer; undefined keeps it. */
export type Lie = (method: string, path: string, answer: unknown) => unknown;

/**
 * Passes each request on and keeps a copy: what a service really sends, seen from the network.
 *
 * @param lie how a compromised tenant changes its answers
 */
export async function recordingProxy(target: string, lie?: Lie): Promise<RecordingProxy> {
  const upstream = new URL(target);
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, reply) => {
    const chunks: Buffer[] = [];
    const outgoing = forward(
      {
        host: upstream.hostname,
        port: upstream.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      answer => {
        if (lie) {
          void answerWith(lie, incoming, answer, reply);
          return;
        }
        reply.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(reply);
        answer.on('error', () => reply.destroy());
      },
    );
    outgoing.on('error', () => reply.destroy());
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      requests.push({ method: incoming.method ?? '', path: incoming.url ?? '', body: Buffer.concat(chunks) });
    });
    incoming.pipe(outgoing);
    reply.on('close', () => outgoing.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerWith(
  lie: Lie,
  { method = '', url = '' }: IncomingMessage,
  answer: IncomingMessage,
  reply: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch {
    reply.destroy();
    return;
  }
  const body = Buffer.concat(chunks).toString('utf8');
  const changed = answer.statusCode === 200 ? lie(method, url, JSON.parse(body)) : undefined;
  const { 'content-length': _, ...headers } = answer.headers;
  reply.writeHead(answer.statusCode ?? 502, headers);
  reply.end(changed === undefined ? body : JSON.stringify(changed));
}
