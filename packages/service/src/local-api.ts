import { request } from 'node:http';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { CausewayError } from './causeway-error.ts';
import { diskError, onDisk } from './disk-error.ts';
import {
  localSocketPath,
  makeRuntimeDirectory,
  removeSocket,
  restrictSocket,
  withPrivateUmask,
} from './platform.ts';

export interface LocalSocket {
  /** Elsewhere than in the state folder, which only the service's user can enter. */
  readonly path: string;
  /** Whose members may open it, where there is such a group. */
  readonly group: string;
}

/** Serves a service's local API on a socket: in its state folder for root and the service's user alone, or on the one given. */
export async function serveLocally(
  server: FastifyInstance,
  stateDirectory: string,
  socket?: LocalSocket,
): Promise<void> {
  const path = socket?.path ?? localSocketPath(stateDirectory);
  if (socket) makeRuntimeDirectory(dirname(path));
  onDisk(path, () => removeSocket(path)); // the state lock is held: whoever left this socket is gone
  try {
    await withPrivateUmask(() => server.listen({ path }));
  } catch (error) {
    throw diskError(error, path) ?? error;
  }
  restrictSocket(path, socket?.group);
}

/** Largest answer of a local API, in bytes. */
const MAX_ANSWER = 256 * 1024 * 1024;

/**
 * Calls a running service's local API and returns the parsed JSON.
 * @throws CausewayError 'not-running' when nobody listens; the service's own error otherwise
 */
export function callLocally(
  stateDirectory: string,
  service: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  return callSocket(localSocketPath(stateDirectory), service, method, path, body);
}

/** The same for a socket that stands elsewhere. */
export async function callSocket(
  socketPath: string,
  service: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await exchange(socketPath, service, method, path, body);
  const json = JSON.parse(answer.text) as { error?: { code: string; message: string } };
  if (answer.status >= 200 && answer.status < 300) return json;
  throw new CausewayError(
    json.error?.code ?? 'local-api',
    json.error?.message ?? `answered with ${answer.status}`,
    { status: answer.status },
  );
}

function exchange(
  socketPath: string,
  service: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    const outgoing = request({ socketPath, method, path, headers }, incoming => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER) incoming.destroy(new CausewayError('local-api', 'the answer is too large'));
        else chunks.push(chunk);
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
      incoming.on('error', reject);
    });
    outgoing.on('error', cause => reject(notRunning(cause as NodeJS.ErrnoException, service, socketPath)));
    outgoing.end(payload);
  });
}

function notRunning(cause: NodeJS.ErrnoException, service: string, socketPath: string): Error {
  if (cause.code === 'EACCES') {
    return new CausewayError('not-allowed', `only root and the service's user may open '${socketPath}'`, {
      cause,
      status: 403,
    });
  }
  return new CausewayError(
    'not-running',
    `${service} is not running (nobody listens on '${socketPath}'): start it with 'causeway ${service} run'`,
    {
      cause,
      status: 503,
    },
  );
}
