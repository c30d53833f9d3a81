import { request } from 'node:http';
import { CausewayError, localSocketPath } from '@causeway/service';

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
