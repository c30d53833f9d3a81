import { request } from 'node:http';
import type { CallInput, ReplyOf, Route } from '@causeway/contract';
import { CausewayError, localSocketPath } from '@causeway/service';
import { CallError, call, type Send } from './call.ts';

/** A service on this machine. */
export interface LocalService {
  /** As in `causeway NAME run`. */
  readonly name: string;
  /** Path of its socket. */
  readonly socket: string;
}

/** The service of that name, whose socket is in its state folder. */
export const serviceIn = (stateDirectory: string, name: string): LocalService => ({
  name,
  socket: localSocketPath(stateDirectory),
});

/**
 * Calls a running service on this machine and returns its checked reply.
 * @throws CausewayError 'not-running' if nobody listens, 'other-release' if the service does not know the route or its answer does not
 * match the contract, and the service's own error
 */
export async function callLocally<R extends Route>(
  service: LocalService,
  route: R,
  input: CallInput<R> & { signal?: AbortSignal } = {},
): Promise<ReplyOf<R>> {
  try {
    return await call(socketSend(service), route, input);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { code, message, status } = error;
    if (code === 'no-such-route' || code === 'bad-answer') throw otherRelease(service, error);
    throw CausewayError.passOn({ code, message, status: status || 503 });
  }
}

function otherRelease({ name }: LocalService, { message }: CallError): CausewayError {
  return new CausewayError(
    'other-release',
    `the running ${name} service is of another release than this command: ${message}`,
  );
}

/** Largest answer of a local API, in bytes. */
const MAX_ANSWER = 256 * 1024 * 1024;

/** A transport over a service's socket. */
function socketSend(service: LocalService): Send {
  return (path, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const options = { socketPath: service.socket, method, path, headers: { ...headers, ...length } };
      const outgoing = request({ ...options, ...(signal && { signal }) }, incoming => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: { get: name => incoming.headers[name]?.toString() ?? null },
          text: () => readText(incoming),
        });
      });
      outgoing.on('error', (cause: NodeJS.ErrnoException) => reject(notReached(cause, service)));
      outgoing.end(body);
    });
}

async function readText(incoming: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > MAX_ANSWER)
      throw new CausewayError('answer-too-large', `the answer is larger than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function notReached(cause: NodeJS.ErrnoException, { name, socket }: LocalService): Error {
  if (cause.name === 'AbortError') return cause;
  if (cause.code === 'EACCES') {
    const text = `only root and the service's user may open '${socket}'`;
    return new CausewayError('not-allowed', text, { cause });
  }
  return new CausewayError(
    'not-running',
    `${name} is not running: nothing listens on '${socket}'\nTo start it:\n  causeway ${name} run`,
    { cause },
  );
}
